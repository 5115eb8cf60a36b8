import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PROJECT } from "../machine/facts.mjs";
import { must } from "../machine/program.mjs";
import { type CarriedNode, conffilesAmong, type PackagedFile, packagedFiles, type Release } from "./files.js";

/**
 * Makes `hecd_VERSION_ARCHITECTURE.deb` in a folder and resolves to its path. Equal sources and an equal time give equal
 * bytes. An `Obstacle` tells what Debian's dpkg-deb, which writes it, says.
 */
export async function makeDeb(
  architecture: string,
  node: CarriedNode,
  release: Release,
  folder: string,
): Promise<string> {
  const tree = join(folder, `tree-${architecture}`);
  await rm(tree, { recursive: true, force: true });
  const files = await packagedFiles(node, release);
  for (const file of files) await lay(tree, file);
  await layControl(tree, files, await controlOf(architecture, files, release));
  const path = join(folder, `hecd_${release.version}_${architecture}.deb`);
  // One thread, since a text that is cut into parts for several is not packed as the whole is.
  const packing = ["-Zxz", "-z3", "--threads-max=1", "--root-owner-group"];
  await must("dpkg-deb", [...packing, "--build", tree, path], { env: { SOURCE_DATE_EPOCH: String(release.madeAt) } });
  await rm(tree, { recursive: true });
  return path;
}

async function lay(tree: string, { path, mode, content }: PackagedFile): Promise<void> {
  const target = join(tree, path);
  // Modes are what they are said to be, whatever the umask.
  for (let at = dirname(path); at !== "/"; at = dirname(at))
    await mkdir(join(tree, at), { recursive: true, mode: 0o755 });
  if ("link" in content) {
    await symlink(content.link, target);
    return;
  }
  if ("copyOf" in content) await copyFile(content.copyOf, target);
  else await writeFile(target, content);
  await chmod(target, mode);
}

async function layControl(tree: string, files: readonly PackagedFile[], control: string): Promise<void> {
  const folder = join(tree, "DEBIAN");
  await mkdir(folder);
  await writeFile(join(folder, "control"), control);
  await writeFile(join(folder, "md5sums"), await sumsOf(files));
  await writeFile(
    join(folder, "conffiles"),
    conffilesAmong(files)
      .map((path) => `${path}\n`)
      .join(""),
  );
  for (const name of ["postinst", "prerm", "postrm", "triggers"]) {
    await copyFile(`${PROJECT}tools/package/debian/${name}`, join(folder, name));
    await chmod(join(folder, name), name === "triggers" ? 0o644 : 0o755);
  }
}

async function controlOf(architecture: string, files: readonly PackagedFile[], { version }: Release): Promise<string> {
  const sizes = await Promise.all(files.map(async (file) => (await bytesOf(file)).length));
  // As dpkg counts: each file in whole KiB, and one for each that has no size of its own.
  const kilobytes = sizes.reduce((sum, size) => sum + Math.max(1, Math.ceil(size / 1_024)), 0);
  const text = await readFile(`${PROJECT}tools/package/debian/control`, "utf8");
  const values: Readonly<Record<string, string>> = {
    VERSION: version,
    ARCHITECTURE: architecture,
    SIZE: `${kilobytes}`,
  };
  return text.replace(/@([A-Z]+)@/g, (_, name: string) => values[name] ?? "");
}

async function sumsOf(files: readonly PackagedFile[]): Promise<string> {
  const lines = files
    .filter(({ path, content }) => !("link" in content) && !path.startsWith("/etc/"))
    .map(async (file) => {
      const sum = createHash("md5")
        .update(await bytesOf(file))
        .digest("hex");
      return `${sum}  ${file.path.slice(1)}\n`;
    });
  return (await Promise.all(lines)).join("");
}

async function bytesOf({ content }: PackagedFile): Promise<Buffer> {
  if ("link" in content) return Buffer.alloc(0);
  return "copyOf" in content ? readFile(content.copyOf) : content;
}
