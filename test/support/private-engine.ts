import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { IS_PODMAN } from "./engine-kind.js";

/** What a private engine has to itself. */
export interface PrivateParts {
  /** The folder of all that it writes. */
  readonly path: string;
  readonly url: string;
  /** A bridge that is there already, for an engine that makes none. */
  readonly bridge: string;
  /** The first three numbers of its addresses. */
  readonly network: string;
}

/** The command that starts a private engine, of the kind that this run has. */
export async function engineCommand(parts: PrivateParts, options: readonly string[]): Promise<readonly string[]> {
  return IS_PODMAN ? await podmanCommand(parts, options) : dockerCommand(parts, options);
}

function dockerCommand({ path, url, bridge, network }: PrivateParts, options: readonly string[]): readonly string[] {
  return [
    "dockerd",
    ...["--data-root", join(path, "data"), "--exec-root", join(path, "exec"), "--pidfile", join(path, "pid")],
    ...["-H", url, "--bridge", bridge, "--fixed-cidr", `${network}.0/24`],
    ...["--iptables=false", "--ip6tables=false", "--ip-masq=false", ...options],
  ];
}

/** Two Podmans of one machine have one bridge; different subnets keep their containers apart. */
async function podmanCommand(
  { path, url, network }: PrivateParts,
  options: readonly string[],
): Promise<readonly string[]> {
  const settings = join(path, "containers.conf");
  const common = await readFile("/etc/containers/containers.conf", "utf8");
  await writeFile(settings, common.replace("[network]", `[network]\ndefault_subnet = "${network}.0/24"`));
  const own = options.filter((option) => option !== "--live-restore"); // its containers always outlive it
  const folders = ["--root", join(path, "data"), "--runroot", join(path, "run"), "--tmpdir", join(path, "tmp")];
  return [
    ...["env", `CONTAINERS_CONF=${settings}`, "podman", ...folders, ...own],
    ...["--network-config-dir", join(path, "networks"), "system", "service", "--time=0", url],
  ];
}
