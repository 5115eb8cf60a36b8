import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { version } from "../../src/version.js";
import { PROJECT } from "../../tools/machine/facts.mjs";
import { must } from "../../tools/machine/program.mjs";
import { OWN_ARCHITECTURE } from "../../tools/package/node.js";

const FOLDER = `${PROJECT}packages`;

/** The packages that `npm run package` has made before the tests. */
export const DEB = join(FOLDER, `hecd_${version()}_${OWN_ARCHITECTURE}.deb`);
export const TGZ = join(FOLDER, `hecd-${version()}.tgz`);

/** The same package for Debian under another version; its path. */
export async function otherVersion(other: string): Promise<string> {
  const folder = join(FOLDER, "other-versions");
  const path = join(folder, `hecd_${other}_${OWN_ARCHITECTURE}.deb`);
  const tree = join(folder, other);
  await mkdir(folder, { recursive: true });
  await must("dpkg-deb", ["--raw-extract", DEB, tree]);
  const control = join(tree, "DEBIAN/control");
  await writeFile(control, (await readFile(control, "utf8")).replace(/^Version: .*$/m, `Version: ${other}`));
  await must("dpkg-deb", ["-Zgzip", "-z1", "--root-owner-group", "--build", tree, path]);
  await must("rm", ["-rf", tree]);
  return path;
}
