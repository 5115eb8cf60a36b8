import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shellWord } from "../../src/core/text/shell-word.js";
import { alone } from "../../tools/machine/lock.mjs";
import { must, Obstacle, run } from "../../tools/machine/program.mjs";
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
  await alone("hecd-test-haproxy", async () => {
    if ((await run(program, ["-v"])).code === 0) return;
    console.log(`==> Fetching HAProxy ${version} and its libraries from Debian ${suite} into ${folder}`);
    await rm(folder, { recursive: true, force: true });
    const apt = join(folder, "apt");
    const root = join(folder, "root");
    for (const archive of await fetch(suite, apt)) await must("dpkg-deb", ["--extract", archive, root]);
    await rm(apt, { recursive: true });
    await makeStartable(root, program);
  });
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
  await writeFile(join(folder, "sources.list"), `deb [signed-by=${KEYRING}] ${await cache()} ${suite} main\n`);
  await writeFile(join(folder, "apt.conf"), await aptConfiguration(folder));
  const env = { APT_CONFIG: join(folder, "apt.conf") };
  await must("apt-get", ["update", "--quiet=2"], { env });
  await must("apt-get", ["install", "--quiet=2", "--yes", "--download-only", "haproxy"], { env });
  const names = await readdir(archives);
  return names.filter((name) => name.endsWith(".deb")).map((name) => join(archives, name));
}

/** Where this machine gets Debian itself from. */
async function cache(): Promise<string> {
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
 * Makes a program that starts HAProxy with the loader and the libraries that it came with.
 *
 * The loader is named in HAProxy itself: started by a loader that is given on the command line, its processes would bear
 * the loader's name. A reload executes it again, in the environment that it was started in.
 */
async function makeStartable(root: string, program: string): Promise<void> {
  const haproxy = join(root, "usr", "sbin", "haproxy");
  await writeFile(
    haproxy,
    withLoader(await readFile(haproxy), (loader) => join(root, "usr", loader)),
  );
  const libraries = join(root, "usr", "lib");
  const own = (await readdir(libraries)).find((name) => name.endsWith("-linux-gnu")) ?? "";
  const start = `LD_LIBRARY_PATH=${shellWord(join(libraries, own))} exec ${shellWord(haproxy)} "$@"`;
  await writeFile(program, `#!/bin/sh\n${start}\n`, { mode: 0o755 });
}
