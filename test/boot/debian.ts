import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { basename, join } from "node:path";
import { alone } from "../../tools/machine/lock.mjs";
import { must } from "../../tools/machine/program.mjs";

/** What a host of HECD has besides it, as Debian has it; etcdctl is for the tests themselves. */
const PACKAGES = [
  ...["systemd-sysv", "dbus", "haproxy", "docker.io", "etcd-server", "etcd-client"],
  ...["iproute2", "iptables", "ca-certificates"],
];

const SUITE = "bookworm";

/** One of this user's own; it may be deleted at any time. */
const CACHE = join(tmpdir(), `hecd-test-boot-${userInfo().uid}`);

/** A Debian with HAProxy, Docker and etcd as it is after their installation; made once, never written to afterwards. */
export async function debianRoot(): Promise<string> {
  const folder = join(CACHE, SUITE);
  const root = join(folder, "root");
  await mkdir(CACHE, { recursive: true });
  await alone(basename(CACHE), async () => {
    const mark = join(folder, "complete");
    const wanted = PACKAGES.join(" ");
    if ((await readFile(mark, "utf8").catch(() => undefined)) === wanted) return;
    console.log(`==> Making a Debian ${SUITE} with ${wanted} in ${folder}`);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    const flags = ["--quiet", "--variant=minbase", "--dpkgopt=force-unsafe-io"];
    await must("mmdebstrap", [...flags, `--include=${PACKAGES.join(",")}`, SUITE, root]);
    await writeFile(mark, wanted);
  });
  return root;
}
