import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { HecdEvent } from "../../../src/core/events/event.js";
import type { ReloadDriver } from "../../../src/core/model/reload-driver.js";
import { driverSelector } from "../../../src/edges/haproxy/select-driver.js";
import { systemClock } from "../../../src/flow/clock.js";
import type { Resource } from "../../../src/ports.js";
import { resourceOf } from "../../support/pushed-store.js";
import { tempDir } from "../../support/temp-dir.js";

const signal = new AbortController().signal;

async function balancerFor(more: Partial<Resource>, haproxy = "/no/such/haproxy") {
  const told: HecdEvent[] = [];
  const driver = await driverSelector({
    haproxy,
    clock: systemClock,
    emit: (event) => told.push(event),
  })(resourceOf(more));
  return { driver, told };
}

const drivenBy = (reload: ReloadDriver): Partial<Resource> => ({
  haproxy: { socket: undefined, reload },
});

describe("a resource with commands", () => {
  test("is checked by its own, which is told the staged path", async () => {
    await using directory = await tempDir();
    const path = join(directory.path, "staged.cfg");
    await writeFile(path, "a fine text");
    const check = async (checkCmd: string) => (await balancerFor({ checkCmd })).driver.check(path, signal);
    expect(await check("grep -q fine {{.src}}")).toEqual({ accepted: true, output: "" });
    expect(await check("grep -q fine '{{ .src }}'")).toEqual({ accepted: true, output: "" });
    expect(await check("cat {{.src}}; exit 4")).toEqual({
      accepted: false,
      exitCode: 4,
      output: "a fine text (exit code 4)",
    });
    expect(await check("kill -9 $$")).toEqual({ accepted: false, output: "ended by SIGKILL" });
  });

  test("is checked at a path that a shell would take apart", async () => {
    await using directory = await tempDir();
    await mkdir(join(directory.path, "it's $HOME"));
    const path = join(directory.path, "it's $HOME", "x");
    await writeFile(path, "fine");
    const { driver } = await balancerFor({ checkCmd: "grep -q fine {{.src}}" });
    expect(await driver.check(path, signal)).toEqual({ accepted: true, output: "" });
  });

  test("has no objection where it has no command", async () => {
    const { driver, told } = await balancerFor({});
    expect(await driver.check("/any", signal)).toEqual({ accepted: true, output: "" });
    expect(await driver.reload(signal)).toEqual({ kind: "proven", output: "" });
    expect(told).toEqual([]);
  });

  test("is reloaded by its own, whose exit code is the proof", async () => {
    const good = await balancerFor({ reloadCmd: "echo done" });
    expect(await good.driver.reload(signal)).toEqual({ kind: "proven", output: "done" });
    expect(good.told).toEqual([expect.objectContaining({ kind: "reloaded", by: "reload_cmd", succeeded: true })]);
    const bad = await balancerFor({ reloadCmd: "echo no >&2; exit 1" });
    expect(await bad.driver.reload(signal)).toEqual({ exitCode: 1, kind: "failed", output: "no (exit code 1)" });
    expect(bad.told).toEqual([expect.objectContaining({ kind: "reloaded", succeeded: false })]);
  });
});

describe("a resource with HAProxy", () => {
  test("is checked by its own command where it has one", async () => {
    const { driver } = await balancerFor({ ...drivenBy({ kind: "command", command: "true" }), checkCmd: "true" });
    expect(await driver.check("/any", signal)).toEqual({ accepted: true, output: "" });
  });

  test("cannot be checked without the binary", async () => {
    const { driver } = await balancerFor(drivenBy({ kind: "command", command: "true" }));
    await expect(driver.check("/any", signal)).rejects.toThrow(/could not be run: spawn \/no\/such\/haproxy ENOENT/);
  });

  test("is reloaded by a command", async () => {
    const { driver, told } = await balancerFor(drivenBy({ kind: "command", command: "exit 7" }));
    expect(await driver.reload(signal)).toEqual({ exitCode: 7, kind: "failed", output: "exit code 7" });
    expect(told).toEqual([expect.objectContaining({ by: "command", succeeded: false })]);
  });

  test("waits where nothing runs yet", async () => {
    const master = await balancerFor(drivenBy({ kind: "master", socket: "/no/such/master.sock" }));
    expect((await master.driver.reload(signal)).kind).toBe("absent");
    const pid = await balancerFor(drivenBy({ kind: "signal", pidFile: "/no/such/haproxy.pid" }));
    expect(await pid.driver.reload(signal)).toEqual({
      kind: "absent",
      output: "There is no pid in /no/such/haproxy.pid",
    });
  });
});

describe("a resource with a systemd unit", () => {
  /** A `systemctl` that ends as told and keeps a journal. */
  async function systemctl(reloadExit: number, isActiveExit: number) {
    const directory = await tempDir();
    const program = join(directory.path, "systemctl");
    await writeFile(
      program,
      `#!/bin/sh\necho "$*" >> ${directory.path}/journal\n[ $1 = reload ] && { echo said; exit ${reloadExit}; }\nexit ${isActiveExit}\n`,
    );
    await chmod(program, 0o755);
    const path = process.env["PATH"];
    process.env["PATH"] = `${directory.path}:${path ?? ""}`;
    return {
      journal: () => readFile(join(directory.path, "journal"), "utf8"),
      async [Symbol.asyncDispose]() {
        process.env["PATH"] = path;
        await directory[Symbol.asyncDispose]();
      },
    };
  }
  const ofUnit = () => balancerFor(drivenBy({ kind: "systemd", unit: "haproxy.service" }));

  test("is proven when the unit is reloaded and active after it", async () => {
    await using fake = await systemctl(0, 0);
    const { driver } = await ofUnit();
    expect(await driver.reload(signal)).toEqual({ kind: "proven", output: "" });
    expect(await fake.journal()).toBe("reload -- haproxy.service\nis-active --quiet -- haproxy.service\n");
  });

  test("has failed when the unit refuses", async () => {
    await using _ = await systemctl(1, 0);
    const { driver } = await ofUnit();
    expect(await driver.reload(signal)).toEqual({ kind: "failed", output: "said (exit code 1)" });
  });

  test("waits for a unit that is not active", async () => {
    await using _ = await systemctl(1, 3);
    const { driver } = await ofUnit();
    expect((await driver.reload(signal)).kind).toBe("absent");
  });
});
