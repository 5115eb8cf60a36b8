import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import type { HecdEvent } from "../../src/core/events/event.js";
import type { EtcdOptions } from "../../src/edges/etcd-client/client.js";
import { openEtcd } from "../../src/edges/etcd/store.js";
import { HecdError } from "../../src/errors.js";
import { systemClock } from "../../src/flow/clock.js";
import type { Store } from "../../src/ports.js";
import { startEtcd } from "../support/etcd.js";
import { freePort } from "../support/free-port.js";
import { numberOf } from "../support/required.js";
import { SecuredEtcd } from "../support/secured-etcd.js";
import { tempDir } from "../support/temp-dir.js";

const run = promisify(execFile);
const { signal } = new AbortController();

async function open(options: EtcdOptions, told: HecdEvent[] = []): Promise<Store> {
  const store = await openEtcd(options, { clock: systemClock, emit: (event) => told.push(event) });
  onTestFinished(() => store[Symbol.asyncDispose]());
  return store;
}

async function failureOf(
  store: Store,
): Promise<{ readonly code: string; readonly message: string; readonly ms: number }> {
  const began = performance.now();
  const error: unknown = await store.read(["/app"], signal).then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (!(error instanceof HecdError)) throw new Error(`Read did not fail with a fault: ${String(error)}`);
  return { code: error.fault.code, message: error.message, ms: performance.now() - began };
}

describe("reading", () => {
  test("fails within seconds where nothing listens, and says so", async () => {
    const endpoint = `127.0.0.1:${await freePort()}`;
    const told: HecdEvent[] = [];
    const failure = await failureOf(await open({ endpoints: [endpoint] }, told));
    expect(failure.code).toBe("store-unreachable");
    expect(failure.message).toMatch(`Cannot reach etcd at ${endpoint}: `);
    expect(failure.message).toMatch(/ECONNREFUSED/);
    expect(failure.ms).toBeLessThan(5_500);
    expect(told).toMatchObject([{ kind: "store-unreachable", lastedMs: 0 }]);
  });

  test("fails within seconds when etcd is frozen", async () => {
    await using etcd = await startEtcd();
    const store = await open({ endpoints: [etcd.endpoint] });
    await store.read(["/app"], signal);
    etcd.freeze();
    const failure = await failureOf(store);
    etcd.thaw();
    expect(failure.code).toBe("store-unreachable");
    expect(failure.ms).toBeLessThan(5_500);
  });

  test("fails within seconds when all of several members are away", async () => {
    const endpoints = [await freePort(), await freePort(), await freePort()].map((port) => `127.0.0.1:${port}`);
    const failure = await failureOf(await open({ endpoints }));
    expect(failure.code).toBe("store-unreachable");
    expect(failure.ms).toBeLessThan(5_500);
  });

  test("is refused with a wrong password, which is not repeated", async () => {
    await using etcd = await startEtcd({ auth: true });
    const password = "a-wrong-secret";
    const failure = await failureOf(await open({ endpoints: [etcd.endpoint], username: "root", password }));
    expect(failure.code).toBe("store-refused");
    expect(failure.message).toContain("authentication failed, invalid user ID or password");
    expect(failure.message).not.toContain(password);
  });

  test("is refused without the permission for it", async () => {
    await using etcd = await startEtcd({ auth: true });
    await etcd.ctl("user", "add", "guest:guest");
    await etcd.ctl("role", "add", "reader");
    await etcd.ctl("role", "grant-permission", "reader", "read", "/app", "--prefix");
    await etcd.ctl("user", "grant-role", "guest", "reader");
    const store = await open({ endpoints: [etcd.endpoint], username: "guest", password: "guest" });
    expect((await store.read(["/app"], signal)).entries.size).toBe(0);
    await expect(store.read(["/other"], signal)).rejects.toThrow("permission denied");
  });
});

describe("a connection with TLS", () => {
  test("is made with the right files and by no others, and the reason is told", async () => {
    await using etcd = await SecuredEtcd.start();
    const { endpoint, files } = etcd;
    const otherCa = await etcd.issue("other");
    for (const form of [endpoint, `https://${endpoint}`]) {
      const store = await open({ endpoints: [form], ...files });
      expect((await store.read(["/app"], signal)).entries.size).toBe(0);
    }
    for (const [options, reason] of [
      [{ endpoints: [endpoint] }, "Failed to connect"], // plain text to a port that speaks TLS
      [{ endpoints: [`https://${endpoint}`] }, "unable to verify the first certificate"],
      // None of ours: the alert of TLS for that depends on the Go that etcd was built with.
      [{ endpoints: [`https://${endpoint}`], ca: files.ca }, /bad certificate|certificate required/],
      [{ endpoints: [endpoint], ...files, ca: otherCa }, "unable to verify the first certificate"],
    ] as const) {
      const failure = await failureOf(await open(options));
      expect(failure.code).toBe("store-unreachable");
      expect(failure.message).toMatch(reason);
    }
  });

  test("needs readable files that belong together", async () => {
    const missing = open({ endpoints: ["https://127.0.0.1:1"], ca: "/none/ca.pem" });
    await expect(missing).rejects.toThrow("Cannot read /none/ca.pem: ");
    const half = open({ endpoints: ["https://127.0.0.1:1"], cert: "/none/cert.pem" });
    await expect(half).rejects.toThrow("belong together");
  });
});

test("a process that has closed its store ends by itself", async () => {
  await using etcd = await startEtcd({ auth: true });
  await using dir = await tempDir();
  const program = fileURLToPath(new URL("../support/closing-program.ts", import.meta.url));
  const times = ["closed-at", "ended-at"].map((name) => join(dir.path, name));
  await run(process.execPath, ["--import", "tsx", program, etcd.endpoint, ...times], { timeout: 20_000 });
  const at = async (name: string): Promise<number> => numberOf(await readFile(join(dir.path, name), "utf8"), name);
  expect((await at("ended-at")) - (await at("closed-at"))).toBeLessThan(1_000);
  expect((await etcd.keys("/app")).size).toBe(0);
});
