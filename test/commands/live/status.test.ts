import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { statusCommand } from "../../../src/commands/live/status.js";
import { resolveSettings } from "../../../src/config.js";
import { openStatusServer } from "../../../src/edges/status/server.js";
import type { Settings } from "../../../src/settings.js";
import { cli, worldOf } from "../../support/cli.js";
import { EMPTY, fakeAgent } from "../../support/fake-agent.js";
import { freePort } from "../../support/free-port.js";

async function daemon(state: () => unknown, waitingFor: readonly string[] = []) {
  const server = await openStatusServer("127.0.0.1:0", {
    status: () => ({ waitingFor, state: state() }),
    metrics: async () => ({ contentType: "", body: "" }),
  });
  return { address: new URL(server.url).host, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** What `hecd status` says where nobody has said where the daemons are. */
async function unasked(addresses: Pick<Settings, "agent" | "renderer">) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const settings = { ...resolveSettings({ flags: {}, env: {} }), ...addresses };
  const code = await statusCommand.run(settings, worldOf({ stdout, stderr }), new AbortController().signal);
  return { code, stdout: String(stdout.read() ?? ""), stderr: String(stderr.read() ?? "") };
}

test("hecd status says how many certificates of an HAProxy cannot be used as they are on disk, where there are any", async () => {
  const good = { file: "/a.pem" };
  let certificates: readonly object[] = [good];
  await using renderer = await daemon(() => ({
    resources: [{ name: "haproxy.toml", haproxy: { agrees: true, certificates } }],
  }));
  const asked = ["status", "--agent", "off", "--renderer", renderer.address];
  expect((await cli(asked)).stdout).toMatch(/ready; HAProxy of haproxy\.toml agrees with its file\n/);
  certificates = [good, { file: "/b.pem", fault: "there is no private key in it" }];
  expect((await cli(asked)).stdout).toMatch(
    /agrees with its file, 1 of 2 certificates cannot be used as they are on disk\n/,
  );
});

test("hecd status is content where all that are here are ready, and does not miss a renderer that nobody expects", async () => {
  await using agent = await fakeAgent();
  const renderer = `127.0.0.1:${await freePort()}`;
  const { code, stdout, stderr } = await unasked({ agent: agent.address, renderer });
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^agent +\S+ +ready\nrenderer +\S+ +no renderer on this host\n$/m);
});

test("hecd status fails when a daemon does not answer whose address was given", async () => {
  await using agent = await fakeAgent();
  const nowhere = `127.0.0.1:${await freePort()}`;
  for (const env of [{}, { HECD_RENDERER: nowhere }] as const) {
    const flags = "HECD_RENDERER" in env ? [] : ["--renderer", nowhere];
    const { code, stdout } = await cli(["status", "--agent", agent.address, ...flags], { ...env });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^renderer +\S+ +does not answer: connect ECONNREFUSED /m);
  }
});

test("hecd status fails when a daemon waits, and when something else answers in its place", async () => {
  await using agent = await fakeAgent({}, { waitingFor: ["Docker"] });
  const { code, stdout } = await cli(["status", "--agent", agent.address, "--renderer", "off"]);
  expect([code, stdout.split("\n")[1]]).toEqual([1, expect.stringMatching(/^agent +\S+ +waiting for Docker$/)]);
});

test("hecd status tells by 3 that nothing of HECD runs here", async () => {
  const [agent, renderer] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const { code, stderr } = await unasked({ agent, renderer });
  expect([code, stderr]).toEqual([3, expect.stringContaining("Nothing of HECD runs here")]);
});

test("hecd status knows a hecd up, which is agent and renderer in one", async () => {
  const proxy = { name: "haproxy", haproxy: { agrees: true } };
  await using up = await daemon(() => ({ agent: EMPTY, renderer: { resources: [proxy], problems: [] } }));
  const { code, stdout } = await unasked({ agent: up.address, renderer: `127.0.0.1:${await freePort()}` });
  expect([code, stdout.trimEnd().split("\n").slice(1)]).toEqual([
    0,
    [expect.stringMatching(/^up +\S+ +ready; HAProxy of haproxy agrees with its file$/)],
  ]);
});

test("hecd status prints for machines what it found of each, with all that each says", async () => {
  await using agent = await fakeAgent();
  const { stdout } = await cli(["status", "--agent", agent.address, "--renderer", "off", "--json"]);
  expect(JSON.parse(stdout)).toEqual([
    expect.objectContaining({ daemon: "agent", status: "ready", ready: true, waitingFor: [], state: EMPTY }),
  ]);
});
