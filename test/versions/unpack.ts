import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { basename, join } from "node:path";
import { shellWord } from "../../src/core/text/shell-word.js";
import { alone } from "../../tools/machine/lock.mjs";
import { must, Obstacle } from "../../tools/machine/program.mjs";
import { download, type Suites } from "./apt.js";
import { withLoader } from "./elf.js";

/** Packages of Debian. */
export interface Bundle {
  readonly packages: readonly string[];
  /** The names of the programs in them that are to be started as they lie there. */
  readonly programs: readonly string[];
}

/** Where a bundle lies. */
export interface Unpacked {
  /** What would be the root directory of a machine with these packages alone. */
  readonly root: string;
  /** The folder in which the programs of the bundle can be started by their names. */
  readonly bin: string;
}

/** One folder per bundle, of this user's own; it may be deleted at any time. */
const CACHE = join(tmpdir(), `hecd-test-versions-${userInfo().uid}`);

/** Raised when what was unpacked has to be made anew although the packages are the same. */
const EDITION = 1;

/**
 * Unpacks a bundle with all that its packages depend on into a folder of its own. It is downloaded once, and nothing is
 * installed. An `Obstacle` tells what is missing.
 */
export async function unpack(name: string, suites: Suites, bundle: Bundle): Promise<Unpacked> {
  const own = `${name}-${suites[0]}`;
  const folder = join(CACHE, own);
  const unpacked = { root: join(folder, "root"), bin: join(folder, "bin") };
  await mkdir(CACHE, { recursive: true });
  await alone(`${basename(CACHE)}-${own}`, async () => {
    const wanted = JSON.stringify([EDITION, suites, bundle]);
    const mark = join(folder, "complete");
    if ((await readFile(mark, "utf8").catch(() => undefined)) === wanted) return;
    console.log(`==> Fetching ${bundle.packages.join(", ")} and their like from Debian ${suites[0]} into ${folder}`);
    await rm(folder, { recursive: true, force: true });
    const apt = join(folder, "apt");
    for (const archive of await download(suites, bundle.packages, apt)) {
      await must("dpkg-deb", ["--extract", archive, unpacked.root]);
    }
    await rm(apt, { recursive: true });
    await mkdir(unpacked.bin);
    for (const program of bundle.programs) await makeStartable(unpacked, program);
    await writeFile(mark, wanted);
  });
  return unpacked;
}

/**
 * Makes a program in `bin` that starts the one of that name with the loader and the libraries that it came with.
 *
 * The loader is named in the program itself: started by a loader that is given on the command line, its processes would
 * bear the loader's name. HAProxy executes itself again at a reload, in the environment that it was started in.
 */
async function makeStartable({ root, bin }: Unpacked, name: string): Promise<void> {
  const path = ["usr/sbin", "usr/bin"].map((place) => join(root, place, name)).find((each) => existsSync(each));
  if (path === undefined) throw new Obstacle(`The packages have no program ${name}: see ${root}`);
  await writeFile(
    path,
    withLoader(await readFile(path), (loader) => join(root, "usr", loader)),
  );
  const libraries = join(root, "usr", "lib");
  const own = (await readdir(libraries)).find((each) => each.endsWith("-linux-gnu"));
  if (own === undefined) throw new Obstacle(`The packages have no libraries: see ${libraries}`);
  const start = `LD_LIBRARY_PATH=${shellWord(join(libraries, own))} exec ${shellWord(path)} "$@"`;
  await writeFile(join(bin, name), `#!/bin/sh\n${start}\n`, { mode: 0o755 });
}
