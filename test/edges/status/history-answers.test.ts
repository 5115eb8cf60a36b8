import { describe, expect, test } from "vitest";
import type { HistoryEntry } from "../../../src/core/history/entry.js";
import { askHistory, orderHistory } from "../../../src/edges/status/client.js";
import { openStatusServer } from "../../../src/edges/status/server.js";
import { HecdError } from "../../../src/errors.js";
import { systemClock } from "../../../src/flow/clock.js";
import type { HistoryOrders } from "../../../src/ports.js";

const ENTRY: HistoryEntry = {
  ...{ id: 7, at: "2026-11-30T00:00:00.000Z", resource: "haproxy.toml", dest: "/haproxy.cfg" },
  ...{ why: { kind: "template" }, outcome: "applied", tookMs: 1 },
};

const UNREADABLE =
  "Cannot read /haproxy.cfg: not everybody may read it, so its texts are not served; hecd diff reads them where you may\n";

/** A history that notes what it is asked, and knows version 7 alone. */
async function served(isToken?: (given: string) => boolean) {
  const asked: unknown[] = [];
  const known = (id: number | undefined): void => {
    if (id !== 7 && id !== undefined)
      throw new HecdError({ code: "version-unknown", problem: "There is no such version" });
  };
  const history: HistoryOrders = {
    async entries(...args) {
      asked.push(["entries", ...args]);
      return [ENTRY];
    },
    newest: () => [],
    readNewest: async () => undefined,
    listen: () => ({ [Symbol.dispose]: () => undefined }),
    async diff(id, { against, isTrusted } = {}) {
      asked.push(["diff", id, against, isTrusted]);
      known(id);
      return { entry: ENTRY, isRefused: false, diff: against === undefined ? "-old\n+new\n" : undefined };
    },
    async rollback(...args) {
      asked.push(["rollback", ...args]);
      known(args[0]);
      return "pinned";
    },
    async resume(...args) {
      asked.push(["resume", ...args]);
      return "resumed";
    },
  };
  const metrics = async () => ({ contentType: "text/plain", body: "" });
  const server = await openStatusServer("127.0.0.1:0", {
    status: () => ({ waitingFor: [], state: {} }),
    metrics,
    history,
    isToken,
  });
  return { asked, server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

describe("the history at the status address", () => {
  test.each<[string, number, unknown, readonly unknown[]]>([
    ["/history", 200, { entries: [ENTRY] }, ["entries", 100, undefined]],
    ["/history?limit=5&resource=haproxy.toml", 200, { entries: [ENTRY] }, ["entries", 5, "haproxy.toml"]],
    ["/history?limit=99999999", 200, { entries: [ENTRY] }, ["entries", 10_000, undefined]],
    ["/history/7/diff", 200, "-old\n+new\n", ["diff", 7, undefined, undefined]],
    ["/history/8/diff", 404, "There is no such version\n", ["diff", 8, undefined, undefined]],
    ["/history/7/diff?against=6", 403, UNREADABLE, ["diff", 7, 6, undefined]],
  ])("answers %s by %i", async (path, status, body, question) => {
    await using world = await served();
    const answer = await fetch(`${world.server.url}${path}`);
    expect([answer.status, typeof body === "string" ? await answer.text() : await answer.json()]).toEqual([
      status,
      body,
    ]);
    expect(world.asked).toEqual([question]);
  });

  test("is not asked with a limit that is no number", async () => {
    await using world = await served();
    expect((await fetch(`${world.server.url}/history?limit=many`)).status).toBe(400);
    expect(world.asked).toEqual([]);
  });

  test.each<[string, string, number, unknown, readonly unknown[]]>([
    ["/history/rollback?to=7&for=60000", "rollback", 200, { outcome: "pinned" }, ["rollback", 7, 60_000]],
    ["/history/rollback", "rollback", 200, { outcome: "pinned" }, ["rollback", undefined, undefined]],
    ["/history/rollback?to=8", "rollback", 404, { refused: "There is no such version" }, ["rollback", 8, undefined]],
    ["/history/resume?resource=a", "resume", 200, { outcome: "resumed" }, ["resume", "a"]],
  ])("takes the order %s", async (path, verb, status, body, order) => {
    await using world = await served();
    const answer = await fetch(`${world.server.url}${path}`, { method: "POST", headers: { "x-hecd-order": verb } });
    expect([answer.status, await answer.json()]).toEqual([status, body]);
    expect(world.asked).toEqual([order]);
  });

  test.each<[string, RequestInit, number]>([
    ["without the header", {}, 403],
    ["with the header of another order", { headers: { "x-hecd-order": "resume" } }, 403],
    ["with a body", { headers: { "x-hecd-order": "rollback" }, body: "x" }, 413],
  ])("takes no order %s", async (_, init, status) => {
    await using world = await served();
    expect((await fetch(`${world.server.url}/history/rollback`, { method: "POST", ...init })).status).toBe(status);
    expect(world.asked).toEqual([]);
  });

  test("takes no order without the token where there is one, and takes it from the commands with it", async () => {
    await using world = await served((given) => given === "the-right-token");
    const place = { address: world.server.url.replace("http://", ""), clock: systemClock };
    const { signal } = new AbortController();
    for (const token of [undefined, "a-wrong-token"]) {
      await expect(orderHistory("rollback", { to: "7" }, { ...place, token }, signal)).rejects.toMatchObject({
        fault: { code: "renderer-refused", reason: "An order needs the token of --admin-token-file" },
      });
    }
    expect(world.asked).toEqual([]);
    expect(await orderHistory("resume", {}, { ...place, token: "the-right-token" }, signal)).toBe("resumed");
    expect(world.asked).toEqual([["resume", undefined]]);
    expect(await askHistory({ limit: 1 }, place, signal)).toEqual([ENTRY]);
  });
});
