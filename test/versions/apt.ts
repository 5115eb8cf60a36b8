import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { must, Obstacle } from "../../tools/machine/program.mjs";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * The suite of Debian that has the packages, and those that have what they depend on, where that is not the same one:
 * `experimental` is no whole system.
 */
export type Suites = readonly [suite: string, ...beneath: string[]];

/**
 * Downloads packages of the first suite and all that they depend on, as on a system that has nothing yet. Resolves to
 * the paths of the archives in `folder`. They come from the mirror that this machine gets Debian from; nothing is
 * installed, and no root is needed. An `Obstacle` tells what is missing.
 */
export async function download(
  suites: Suites,
  packages: readonly string[],
  folder: string,
): Promise<readonly string[]> {
  const archives = join(folder, "archives");
  await mkdir(join(archives, "partial"), { recursive: true });
  await mkdir(join(folder, "lists", "partial"), { recursive: true });
  await writeFile(join(folder, "status"), "");
  const from = `deb [signed-by=${KEYRING}] ${await mirror()}`;
  await writeFile(join(folder, "sources.list"), suites.map((suite) => `${from} ${suite} main\n`).join(""));
  await writeFile(join(folder, "preferences"), preferring(suites[0], packages));
  await writeFile(join(folder, "apt.conf"), await configurationIn(folder));
  const env = { APT_CONFIG: join(folder, "apt.conf") };
  await must("apt-get", ["update", "--quiet=2"], { env });
  await must("apt-get", ["install", "--quiet=2", "--yes", "--download-only", ...packages], { env });
  const names = await readdir(archives);
  return names.filter((name) => name.endsWith(".deb")).map((name) => join(archives, name));
}

/** Has the packages themselves, and nothing else, come from a suite that apt takes nothing from by itself. */
function preferring(suite: string, packages: readonly string[]): string {
  return `Package: ${packages.join(" ")}\nPin: release ${suite}\nPin-Priority: 990\n`;
}

/** Where this machine gets Debian itself from. */
export async function mirror(): Promise<string> {
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
async function configurationIn(folder: string): Promise<string> {
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
Dir::Etc::preferences "${join(folder, "preferences")}";
Dir::Etc::preferencesparts "/dev/null";
`;
}
