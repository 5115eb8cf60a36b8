import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROJECT } from "../../tools/machine/facts.mjs";
import { must, run } from "../../tools/machine/program.mjs";
import { version } from "../../src/version.js";
import { tempDir } from "../support/temp-dir.js";
import { SUITES } from "./clean-debian.js";
import { Machine } from "./machine.js";
import { DEB, otherVersion, TGZ } from "./made.js";

const CONFFILES = ["/etc/default/hecd", "/etc/hecd/hecd.toml", "/etc/hecd/conf.d/haproxy.toml"];

describe("npm run package", () => {
  test("makes the same bytes of the same sources", async () => {
    const sums = async (): Promise<readonly string[]> =>
      Promise.all(
        [DEB, TGZ].map(async (path) =>
          createHash("sha256")
            .update(await readFile(path))
            .digest("hex"),
        ),
      );
    const before = await sums();
    await must("npm", ["run", "package"], { cwd: PROJECT });
    expect(await sums()).toEqual(before);
  });

  test("makes a package that Debian's lintian has no error for", async () => {
    const { code, stdout, stderr } = await run("lintian", [
      "--allow-root",
      "--profile",
      "debian",
      "--fail-on",
      "error",
      DEB,
    ]);
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).not.toMatch(/^E:/m);
  });
});

describe("the package for npm", () => {
  test("installs both programs and their manual, with nothing besides, below 20 MB", async () => {
    await using scratch = await tempDir();
    const to = scratch.path;
    await must("npm", ["install", "--global", "--offline", "--prefix", to, TGZ]);
    expect(await must(join(to, "bin/hecd"), ["--version"])).toBe(`hecd ${version()}\n`);
    expect(await must(join(to, "bin/confd"), ["-version"])).toBe(`confd ${version()} (HECD)\n`);
    expect((await stat(join(to, "share/man/man1/hecd.1"))).size).toBeGreaterThan(1_000);
    expect(await readdir(join(to, "lib/node_modules"))).toEqual(["hecd"]);
    const installed = join(to, "lib/node_modules/hecd");
    expect(await readdir(installed)).not.toContain("node_modules");
    expect(Number((await must("du", ["-sb", installed])).split("\t")[0])).toBeLessThan(20_000_000);
  });
});

describe.each(SUITES)("the package on a clean Debian %s", (suite) => {
  let machine: Machine;

  beforeAll(async () => {
    machine = await Machine.of(suite);
    for (const path of [DEB, await otherVersion("0.0.1"), await otherVersion("99.0.0")]) await machine.put(path);
  }, 900_000);

  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
  });

  const install = (which: string): Promise<string> =>
    machine.sh(`apt-get install --yes --allow-downgrades ./hecd_${which}_*.deb`);
  const installed = (): Promise<string> => machine.sh("dpkg-query --show --showformat '${Version}' hecd");

  test("installs both programs, with a Node of its own, and starts nothing", async () => {
    await machine.sh("mkdir -p /etc/haproxy");
    await install(version());
    expect(await machine.sh("hecd --version; confd -version")).toBe(`hecd ${version()}\nconfd ${version()} (HECD)`);
    expect(await machine.sh("ls -ld /var/lib/hecd")).toMatch(/^drwx------ \d+ hecd hecd /);
    expect(await machine.sh("id -un hecd hecd-render 2>&1; getent passwd hecd | cut -d: -f7")).toMatch(/nologin$/);
    expect((await machine.try("ls /etc/systemd/system/multi-user.target.wants | grep hecd")).stdout).toBe("");
    expect(await machine.sh("dpkg --verify hecd")).toBe("");
    expect(await machine.sh("hecd check 2>&1 || true")).not.toMatch(/Cannot find|ENOENT|MODULE/);
  });

  test("keeps what was changed in /etc through an upgrade and a downgrade", async () => {
    await machine.sh("echo '# mine' >>/etc/hecd/hecd.toml; touch /var/lib/hecd/kept");
    for (const [which, is] of [
      ["99.0.0", "99.0.0"],
      [version(), version()],
      ["0.0.1", "0.0.1"],
    ] as const) {
      await install(which);
      expect(await installed()).toBe(is);
      expect(await machine.sh("tail -n 1 /etc/hecd/hecd.toml; ls /var/lib/hecd; hecd --version")).toMatch(
        /^# mine\nkept\nhecd /,
      );
    }
  });

  test("goes without its settings being lost, and with them when it is purged", async () => {
    await machine.sh("apt-get remove --yes hecd");
    expect((await machine.try("command -v hecd; command -v confd")).stdout).toBe("");
    expect(await machine.sh(`ls ${CONFFILES.join(" ")}`)).toBe([...CONFFILES].sort().join("\n"));
    await machine.sh("apt-get purge --yes hecd");
    const left = await machine.sh(
      "find / -xdev \\( -path /proc -o -path /root -o -path /var/cache/apt -o -path /var/log -o -path /var/lib/docker \\) -prune " +
        "-o -name '*hecd*' -print -o -name 'confd*' -print",
    );
    expect(left).toBe("");
    expect(await machine.sh("ls -ld /etc/haproxy")).toMatch(/^drwxr-xr-x \d+ root root /);
  });

  test("leaves a confd that is there already where it is, and says so", async () => {
    await machine.sh("printf '#!/bin/sh\\necho theirs\\n' >/usr/bin/confd; chmod +x /usr/bin/confd");
    expect(await install(version())).toMatch(/\/usr\/bin\/confd is another program, and stays/);
    expect(await machine.sh("confd; hecd confd -version")).toBe(`theirs\nconfd ${version()} (HECD)`);
    await machine.sh("apt-get purge --yes hecd");
    expect(await machine.sh("confd")).toBe("theirs");
  });
});

describe("a checkout", () => {
  test("gives the command by npm i -g, which makes its programs first", async () => {
    await using scratch = await tempDir();
    const checkout = join(scratch.path, "checkout");
    await mkdir(checkout);
    const files = (await must("git", ["-C", PROJECT, "ls-files"])).split("\n").filter(Boolean);
    await must("sh", [
      "-c",
      'cd "$1" && tar -c -T - <"$2/list" | tar -x -C "$3"',
      "sh",
      PROJECT,
      await listIn(scratch.path, files),
      checkout,
    ]);
    await cp(`${PROJECT}node_modules`, join(checkout, "node_modules"), { recursive: true, verbatimSymlinks: true });
    await must("npm", ["install", "--global", "--offline", "--prefix", join(scratch.path, "to"), checkout]);
    expect(await must(join(scratch.path, "to/bin/hecd"), ["--version"])).toBe(`hecd ${version()}\n`);
  });
});

async function listIn(folder: string, files: readonly string[]): Promise<string> {
  await writeFile(join(folder, "list"), files.map((file) => `${file}\n`).join(""));
  return folder;
}
