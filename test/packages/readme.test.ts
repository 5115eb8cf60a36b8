import { cp, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { find, must } from "../../tools/machine/program.mjs";
import { blocks, section } from "../support/documents.js";
import { eventually } from "../support/eventually.js";
import { required } from "../support/required.js";
import { tempDir } from "../support/temp-dir.js";
import { cleanDebian, SUITES } from "./clean-debian.js";
import { Machine } from "./machine.js";
import { DEB } from "./made.js";

/** A network that leads nowhere: an agent is right not to register anything where there is no address. */
const NETWORK = [
  "ip link add eth0 type veth peer name nowhere",
  "ip address add 198.51.100.1/24 dev eth0",
  "ip link set eth0 up",
  "ip link set nowhere up",
  "ip route add default via 198.51.100.254 dev eth0",
].join(" && ");

/** An image in the place of the one that the words of the README pull; its page says `hello`. */
async function imageIn(folder: string): Promise<string> {
  const root = join(folder, "image");
  await mkdir(join(root, "bin"), { recursive: true });
  await cp(required(find("busybox"), "busybox"), join(root, "bin/busybox"));
  for (const name of ["sh", "httpd"]) await symlink("busybox", join(root, "bin", name));
  await must("sh", ["-c", `mkdir ${root}/www && echo hello >${root}/www/index.html`]);
  const archive = join(folder, "image.tar");
  await must("tar", ["-C", root, "-cf", archive, "."]);
  return archive;
}

describe.each(SUITES)("on a clean Debian %s, the words of the README", (suite) => {
  beforeAll(() => cleanDebian(suite));

  test("lead from the package to a page through HAProxy", async () => {
    const text = section("README.md", "Install");
    const commands = required(
      blocks(text, "sh").find((block) => block.startsWith("apt install ")),
      "commands of the README",
    )
      .split("\n")
      .filter(Boolean);
    const [, page = ""] = /<(http:\/\/127\.0\.0\.1[^>]*)> answers/.exec(text) ?? [];
    await using scratch = await tempDir();
    await using machine = await Machine.of(suite);
    await machine.put(DEB);
    await machine.sh("echo 'APT::Get::Assume-Yes \"true\";' >/etc/apt/apt.conf.d/99yes");
    await machine.boot();
    await machine.sh(NETWORK);
    const archive = await imageIn(scratch.path);
    for (const command of commands) {
      const [, image] = /^docker run .* (\S+)$/.exec(command) ?? [];
      if (image !== undefined) {
        await machine.put(archive);
        const start = `--change 'EXPOSE 80' --change 'CMD ["/bin/httpd","-f","-p","80","-h","/www"]'`;
        await machine.sh(`docker import ${start} image.tar ${image}`);
      }
      await machine.sh(command);
    }
    const ask = `/usr/lib/hecd/node -e 'fetch("${page}").then(async (answer) => console.log(await answer.text()))'`;
    const answer = await eventually(
      "the page",
      async () => {
        const { code, stdout } = await machine.try(ask);
        if (code !== 0 || !stdout.startsWith("hello")) throw new Error(stdout);
        return stdout.trim();
      },
      60_000,
      300,
    ).catch(async (error: unknown) => {
      const told = await machine.try("hecd status; journalctl --no-pager -n 60; systemctl --failed --no-pager");
      throw new Error(told.stdout, { cause: error });
    });
    expect(answer).toBe("hello");
    expect(await machine.sh("hecd status")).toMatch(/agent .* ready\n.*renderer .* ready/);
    expect(await machine.sh("hecd list")).toMatch(/^servers +\S+ +198\.51\.100\.1:\d+/m);
    expect(await machine.sh("hecd names services")).toBe("servers");
  }, 600_000);
});
