import { expect, test } from "vitest";
import { openStatusServer } from "../../../src/edges/status/server.js";
import { cli } from "../../support/cli.js";
import { EMPTY, fakeAgent } from "../../support/fake-agent.js";
import { freePort } from "../../support/free-port.js";
import { record } from "../../support/records.js";

const KEYS = [record({ name: "a", port: 1 }), record({ name: "b", port: 2, state: "draining", drained: true })];

/** The status address of a `hecd up` that serves these keys. */
async function up(keys: readonly (readonly [string, string])[]) {
  const agent = { ...EMPTY, registered: Object.fromEntries(keys) };
  const server = await openStatusServer("127.0.0.1:0", {
    status: () => ({ waitingFor: [], state: { agent, renderer: { resources: [], problems: [] } } }),
    metrics: async () => ({ contentType: "", body: "" }),
  });
  return { address: new URL(server.url).host, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

test("hecd list shows what the hecd up of this host serves, which has no etcd", async () => {
  await using here = await up(KEYS);
  const { code, stdout, stderr } = await cli(["list", "--agent", here.address]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout.split("\n").slice(1)).toEqual([
    "web      a       10.0.0.5:1  up                  100     -",
    "web      b       10.0.0.5:2  draining (drained)  100     -",
    "",
  ]);
  const { stdout: json } = await cli(["list", "--agent", here.address, "--json"]);
  expect(JSON.parse(json)).toMatchObject({
    services: [{ name: "web", servers: [{ container: "a" }], resting: [{ container: "b", why: "drained" }] }],
  });
});

test("hecd list reads the etcd that is given, whatever runs here", async () => {
  await using here = await up(KEYS);
  const etcd = `127.0.0.1:${await freePort()}`;
  const { code, stdout, stderr } = await cli(["list", "--agent", here.address, "--etcd", etcd]);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain(`Cannot reach etcd at ${etcd}`);
});

test("hecd list does not take an agent for all there is: other hosts are in etcd", async () => {
  await using agent = await fakeAgent({ registered: Object.fromEntries(KEYS) });
  const env = { HECD_ETCD: `127.0.0.1:${await freePort()}` };
  expect((await cli(["list", "--agent", agent.address], env)).code).toBe(1);
});

test("hecd list speaks to a person in words, and by the log where that is asked for", async () => {
  const asked = ["list", "--agent", "off", "--etcd", `127.0.0.1:${await freePort()}`];
  for (const line of (await cli(asked)).stderr.trimEnd().split("\n")) expect(line).toMatch(/^hecd: Cannot reach etcd/);
  expect((await cli([...asked, "--log-format", "json"])).stderr).toMatch(/^\{"level":40,.*"store-unreachable"/);
});
