import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must, Obstacle, run } from "../../deploy/machine/program.mjs";
import { withLoader } from "./elf.js";

/** A version of HAProxy, and the suite of Debian that has it. */
export interface Release {
  readonly version: string;
  readonly suite: string;
}

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** One folder per suite; it may be deleted at any time. */
const CACHE = join(tmpdir(), "hecd-test-haproxy");

/**
 * An HAProxy of another version than the system's, with all libraries that it needs, in a folder of its own; resolves to
 * the path of a program that starts it. It is fetched once, from the mirror that this machine gets Debian from, and
 * nothing is installed. An `Obstacle` tells what is missing.
 */
export async function unpackHaproxy({ version, suite }: Release): Promise<string> {
  const folder = join(CACHE, suite);
  const program = join(folder, "haproxy");
  if ((await run(program, ["-v"])).code !== 0) {
    console.log(`==> Fetching HAProxy ${version} and its libraries from Debian ${suite} into ${folder}`);
    await mkdir(CACHE, { recursive: true });
    const fresh = await mkdtemp(join(CACHE, `${suite}-`));
    try {
      await chmod(fresh, 0o755); // apt, run by root, downloads as a user of its own
      const apt = join(fresh, "apt");
      for (const archive of await fetch(suite, apt))
        await must("dpkg-deb", ["--extract", archive, join(fresh, "root")]);
      await rm(apt, { recursive: true });
      await makeStartable(fresh, folder);
      await rm(folder, { recursive: true, force: true });
      await rename(fresh, folder);
    } finally {
      await rm(fresh, { recursive: true, force: true });
    }
  }
  const said = (await must(program, ["-v"])).split("\n")[0] ?? "";
  if (!said.startsWith(`HAProxy version ${version}.`)) {
    throw new Obstacle(`Debian ${suite} has another HAProxy than ${version}: "${said}" (${folder})`);
  }
  return program;
}

/** Downloads the package and all that it depends on, as on a system that has nothing yet; resolves to the archives. */
async function fetch(suite: string, folder: string): Promise<readonly string[]> {
  const archives = join(folder, "archives");
  await mkdir(join(archives, "partial"), { recursive: true });
  await mkdir(join(folder, "lists", "partial"), { recursive: true });
  await writeFile(join(folder, "status"), "");
  await writeFile(join(folder, "sources.list"), `deb [signed-by=${KEYRING}] ${await mirror()} ${suite} main\n`);
  await writeFile(join(folder, "apt.conf"), await aptConfiguration(folder));
  const env = { APT_CONFIG: join(folder, "apt.conf") };
  await must("apt-get", ["update", "--quiet=2"], { env });
  await must("apt-get", ["install", "--quiet=2", "--yes", "--download-only", "haproxy"], { env });
  const names = await readdir(archives);
  return names.filter((name) => name.endsWith(".deb")).map((name) => join(archives, name));
}

/** Where this machine gets Debian itself from. */
async function mirror(): Promise<string> {
  const format = ["--format", "$(REPO_URI)"];
  const targets = await must("apt-get", ["indextargets", ...format, "Created-By: Packages", "Label: Debian"]);
  const first = targets.split("\n")[0] ?? "";
  if (first === "") throw new Obstacle("The apt of this machine knows no mirror of Debian: see apt-get indextargets");
  return first;
}

/**
 * Apt in a folder of its own, with what this machine says of downloads and nothing else of its configuration, such as
 * hooks. Signatures count; age does not, since the mirror may be a picture of an earlier day.
 */
async function aptConfiguration(folder: string): Promise<string> {
  return `${await must("apt-config", ["dump", "Acquire"])}
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
APT::Install-Recommends "false";
Debug::NoLocking "true";
Dir::State "${folder}";
Dir::State::status "${join(folder, "status")}";
Dir::Cache "${folder}";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "${join(folder, "sources.list")}";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
`;
}

/**
 * Makes the program start with the loader and the libraries that it came with, once the folder has its final name.
 *
 * The loader is named in the program itself: started by a loader that is given on the command line, HAProxy's processes
 * would bear the loader's name. A reload executes the same program again, with the environment that the first had.
 */
async function makeStartable(folder: string, finalFolder: string): Promise<void> {
  const inside = join("root", "usr", "sbin", "haproxy");
  const original = await readFile(join(folder, inside));
  const { before } = withLoader(original, "");
  const { program } = withLoader(original, join(finalFolder, "root", "usr", before));
  await writeFile(join(folder, inside), program);
  const libraries =
    (await readdir(join(folder, "root", "usr", "lib"))).find((name) => name.endsWith("-linux-gnu")) ?? "";
  const script = `#!/bin/sh
LD_LIBRARY_PATH=${join(finalFolder, "root", "usr", "lib", libraries)} exec ${join(finalFolder, inside)} "$@"
`;
  await writeFile(join(folder, "haproxy"), script, { mode: 0o755 });
}
