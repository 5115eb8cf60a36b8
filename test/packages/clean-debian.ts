import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { basename, join } from "node:path";
import { alone } from "../../tools/machine/lock.mjs";
import { must } from "../../tools/machine/program.mjs";
import { mirror } from "../versions/apt.js";

/** The releases that the package is for. */
export const SUITES = ["bookworm", "trixie"] as const;

export type Suite = (typeof SUITES)[number];

/** What a system has that boots, and that is given a network. */
const INSTALLED = ["systemd-sysv", "dbus", "iproute2"];

/** What the words of the README install besides HECD: at hand for apt, and not installed. */
const AT_HAND = ["haproxy", "docker.io", "etcd-server"];

/** One of this user's own; it may be deleted at any time. */
const CACHE = join(tmpdir(), `hecd-test-packages-${userInfo().uid}`);

/**
 * The root directory of a clean Debian whose apt has at hand what HECD is used with; made once, never written to
 * afterwards. An `Obstacle` tells what is missing.
 */
export async function cleanDebian(suite: Suite): Promise<string> {
  const folder = join(CACHE, suite);
  const root = join(folder, "root");
  await mkdir(CACHE, { recursive: true });
  await alone(`${basename(CACHE)}-${suite}`, async () => {
    const mark = join(folder, "complete");
    const wanted = [...INSTALLED, "with", ...AT_HAND].join(" ");
    if ((await readFile(mark, "utf8").catch(() => undefined)) === wanted) return;
    console.log(`==> Making a clean Debian ${suite} in ${folder}`);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    // With all that apt takes along by itself: in Debian 13 Docker's client is one of these.
    const options = "--quiet=2 --yes --download-only -o APT::Install-Recommends=true";
    const fetching = `chroot "$1" apt-get install ${options} ${AT_HAND.join(" ")}`;
    // Apart, so that what it mounts goes with it, however it ends.
    await must("unshare", [
      ...["--mount", "mmdebstrap"],
      ...["--quiet", "--variant=apt", `--include=${INSTALLED.join(",")}`],
      // The mirror may be a picture of an earlier day.
      ...['--aptopt=Acquire::Check-Valid-Until "false"', "--skip=cleanup/apt"],
      ...[`--customize-hook=${fetching}`, suite, root, `deb ${await mirror()} ${suite} main`],
    ]);
    await writeFile(mark, wanted);
  });
  return root;
}
