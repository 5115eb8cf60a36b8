import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { hintsOn } from "../../src/haproxy/config/migration.js";
import { cli } from "../support/cli.js";
import { HAPROXY } from "../support/haproxy-binary.js";
import { tempDir } from "../support/temp-dir.js";

const run = promisify(execFile);

/** Where a line of each section goes. */
const SECTIONS = {
  global: (lines: string) => `global\n${lines}\n${REST}`,
  defaults: (lines: string) => REST.replace("  mode http\n", `  mode http\n${lines}\n`),
  frontend: (lines: string) => REST.replace("  bind", `${lines}\n  bind`),
  backend: (lines: string) => REST.replace("  server", `${lines}\n  server`),
  whole: (lines: string) => `${REST}${lines}\n  mode http\n`,
} as const;

const REST = `defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
frontend f
  bind 127.0.0.1:1
  default_backend b
backend b
  server s 127.0.0.1:1
`;

const OLD: readonly (readonly [keyof typeof SECTIONS, string])[] = [
  ["global", "nbproc 2"],
  ["global", "tune.chksize 16384"],
  ["global", "debug"],
  ["defaults", "contimeout 5000"],
  ["defaults", "clitimeout 5000"],
  ["defaults", "srvtimeout 5000"],
  ["defaults", "timeout contimeout 5s"],
  ["defaults", "timeout clitimeout 5s"],
  ["defaults", "timeout srvtimeout 5s"],
  ["defaults", "redispatch"],
  ["defaults", "redisp"],
  ["defaults", "grace 5s"],
  ["defaults", "option forceclose"],
  ["defaults", "option http-tunnel"],
  ["defaults", "option http_proxy"],
  ["defaults", "option tcpsplice"],
  ["frontend", "mode health"],
  ["frontend", "monitor-net 10.0.0.0/8"],
  ["frontend", "block if { path /x }"],
  ["frontend", "reqadd X-Proto:\\ https if { ssl_fc }"],
  ["frontend", "reqdel ^X-Forwarded-For:.*"],
  ["frontend", "reqidel ^X-Forwarded-For:.*"],
  ["frontend", "reqrep ^([^\\ :]*)\\ /old/(.*) \\1\\ /\\2"],
  ["frontend", "reqirep ^Host:\\ a Host:\\ b"],
  ["frontend", "reqdeny ^/x"],
  ["frontend", "reqideny ^/x"],
  ["frontend", "reqtarpit ^/x"],
  ["frontend", "reqitarpit ^/x"],
  ["frontend", "reqallow ^/x"],
  ["frontend", "reqiallow ^/x"],
  ["frontend", "reqpass ^/x"],
  ["frontend", "reqipass ^/x"],
  ["frontend", "reqsetbe ^/x b"],
  ["frontend", "reqisetbe ^/x b"],
  ["frontend", "rspadd X-Id:\\ 7"],
  ["frontend", "rspdel ^Server:.*"],
  ["frontend", "rspidel ^Server:.*"],
  ["frontend", "rspdeny ^x"],
  ["frontend", "rspideny ^x"],
  ["frontend", "rsprep ^Location:\\ a Location:\\ b"],
  ["frontend", "rspirep ^Location:\\ a Location:\\ b"],
  ["backend", "appsession JSESSIONID len 52 timeout 3h"],
  ["backend", "timeout appsession 1h"],
  ["whole", "listen l 127.0.0.1:2"],
  ["whole", "frontend l 127.0.0.1:2"],
];

/** What HAProxy says against a configuration; nothing when it takes it. */
async function complaintOf(text: string): Promise<string> {
  await using folder = await tempDir();
  const path = join(folder.path, "haproxy.cfg");
  await writeFile(path, text);
  return await run(HAPROXY, ["-c", "-f", path]).then(
    () => "",
    (error: unknown) => (error as { readonly stderr: string }).stderr,
  );
}

describe("an old line", () => {
  test.each(OLD)("of %s is refused by HAProxy, and what is to be written instead is not: %s", async (section, line) => {
    const { instead = [] } = hintsOn(line)[0] ?? {};
    expect(hintsOn(line)).toHaveLength(1);
    expect(await complaintOf(SECTIONS[section](line))).not.toBe("");
    const filled = instead.map((words) => words.replace("use_backend NAME", "use_backend b"));
    for (const way of line.startsWith("req") && filled.length > 1 ? filled : [filled.join("\n")]) {
      expect(await complaintOf(SECTIONS[section](way)), way).toBe("");
    }
  });

  test("is named by hecd migrate-template, which changes nothing", async () => {
    await using folder = await tempDir();
    const path = join(folder.path, "haproxy.cfg");
    await writeFile(path, `global\n  nbproc 2\n${REST}`);
    expect(await cli(["migrate-template", path])).toEqual({
      code: 1,
      stdout: `${path}:2: nbproc 2\n    gone since HAProxy 2.5: threads take the place of processes by themselves\n    > remove it\n`,
      stderr: "",
    });
    await writeFile(path, REST);
    expect(await cli(["migrate-template", path])).toMatchObject({ code: 0 });
    expect(await cli(["migrate-template"])).toMatchObject({ code: 64 });
  });
});
