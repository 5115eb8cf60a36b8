import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { HecdEvent } from "../../src/core/events/event.js";
import { openRedis, type RedisOptions } from "../../src/edges/redis/store.js";
import { systemClock } from "../../src/flow/clock.js";
import type { Session, Store } from "../../src/ports.js";
import { makeCertificates } from "../support/certificates.js";
import { section } from "../support/documents.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { TestRedis } from "../support/redis.js";
import { required } from "../support/required.js";
import { tempDir } from "../support/temp-dir.js";

const HOLDER = { hostname: "test", pid: 1, since: "2026-01-02T03:04:05Z" };
const AGENT = { hostId: "h", agent: "a", holder: HOLDER, ttlSeconds: 10 };
const SIGNAL = new AbortController().signal;

const put = (key: string, value: string) => ({ kind: "put", key, value }) as const;
const del = (key: string) => ({ kind: "delete", key }) as const;

/** A store, and what it has told. */
function opened(options: RedisOptions): { readonly store: Store; readonly told: readonly HecdEvent[] } {
  const told: HecdEvent[] = [];
  return { store: openRedis(options, { clock: systemClock, emit: (event) => told.push(event) }), told };
}

/** Registers a key, sees it in a watch, and takes it away again. */
async function goesRound(store: Store): Promise<Session> {
  const session = await store.openSession(AGENT, SIGNAL);
  expect(await session.apply([[put("/app/a", "1")]], SIGNAL)).toEqual([]);
  for await (const { entries } of store.watch(["/app"], SIGNAL)) if (entries.get("/app/a") === "1") break;
  await session.apply([[del("/app/a")]], SIGNAL);
  expect((await store.read(["/app"], SIGNAL)).entries.size).toBe(0);
  return session;
}

describe("the store in a Redis", () => {
  test("with users needs no more rights than the documents say", async () => {
    const rights = /`(\+@read [^`]+)`[^`]+`(\+@write)`[^`]+`(~\*)`[^`]+`(&\*)`/.exec(
      section("docs/stores.md", "Redis"),
    );
    const [read = "", write = "", keys = "", channels = ""] = required(rights, "rights in the document").slice(1);
    await using redis = await TestRedis.start();
    await redis.cli("acl", "setuser", "agent", "on", ">a-secret", keys, channels, ...read.split(" "), write);
    await redis.cli("acl", "setuser", "renderer", "on", ">r-secret", keys, channels, ...read.split(" "));
    const agent = opened({ endpoints: [redis.endpoint], username: "agent", password: "a-secret" });
    const renderer = opened({ endpoints: [redis.endpoint], username: "renderer", password: "r-secret" });
    await using _agent = agent.store;
    await using _renderer = renderer.store;
    const session = await goesRound(agent.store);
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { entries } of renderer.store.watch(["/app"], SIGNAL)) seen.push([...entries.keys()].join());
    })().catch(() => undefined);
    await eventually("the first state", () => seen.length === 1);
    await session.apply([[put("/app/b", "1")]], SIGNAL);
    await eventually("the key", () => seen.at(-1) === "/app/b");
    expect(renderer.told.map(({ kind }) => kind)).toEqual(["advice", "store-connected"]);
    await renderer.store[Symbol.asyncDispose]();
    await watching;
  });

  test("is spoken to by TLS, with its authority and a certificate of ours", async () => {
    await using folder = await tempDir();
    await makeCertificates(folder.path);
    const at = (name: string): string => join(folder.path, name);
    const port = await freePort();
    const files = ["--tls-cert-file", at("engine.pem"), "--tls-key-file", at("engine-key.pem")];
    await using redis = await TestRedis.start("--tls-port", String(port), ...files, "--tls-ca-cert-file", at("ca.pem"));
    expect(redis.port).toBeGreaterThan(0);
    const endpoints = [`rediss://127.0.0.1:${port}/1`];
    const known = opened({ endpoints, ca: at("ca.pem"), cert: at("cert.pem"), key: at("key.pem") });
    await using _known = known.store;
    await goesRound(known.store);
    const stranger = opened({ endpoints });
    await using _stranger = stranger.store;
    await expect(stranger.store.read(["/app"], SIGNAL)).rejects.toThrow(/Cannot reach Redis .*certificate/);
  });

  test("without room removes what ends, keeps its lease, and says what is left to be put", async () => {
    await using redis = await TestRedis.start("--maxmemory-policy", "noeviction");
    const { store, told } = opened({ endpoints: [redis.endpoint] });
    await using _store = store;
    const session = await store.openSession(AGENT, SIGNAL);
    await session.apply([[put("/app/a", "1"), put("/app/b", "1")]], SIGNAL);
    await redis.cli("config", "set", "maxmemory", "1");
    expect(await session.apply([[del("/app/a")], [put("/app/c", "1")]], SIGNAL)).toEqual([]);
    expect([[...session.held.keys()], [...session.unwritten]]).toEqual([["/app/b"], ["/app/c"]]);
    expect([...(await store.read(["/app"], SIGNAL)).entries.keys()]).toEqual(["/app/b"]);
    await eventually("a renewal", () => told.some(({ kind }) => kind === "lease-renewed"));
    expect(session.lost.aborted).toBe(false);
    await redis.cli("config", "set", "maxmemory", "0");
    await session.apply([[put("/app/c", "1")]], SIGNAL);
    expect(session.held.has("/app/c")).toBe(true);
    const kinds = told.map(({ kind }) => kind).filter((kind) => kind.startsWith("store-"));
    expect(kinds).toEqual(["store-connected", "store-full", "store-has-space"]);
  });

  test("of which there are several is the one that is no replica", async () => {
    await using master = await TestRedis.start();
    await using replica = await TestRedis.start("--replicaof", "127.0.0.1", String(master.port));
    const { store } = opened({ endpoints: [replica.endpoint, master.endpoint] });
    await using _store = store;
    await goesRound(store);
    expect(await master.cli("exists", "hecd:leases")).toBe("1");
  });

  test("leaves a key alone that somebody has set over ours, and does not renew it", async () => {
    await using redis = await TestRedis.start();
    const { store, told } = opened({ endpoints: [redis.endpoint] });
    await using _store = store;
    const session = await store.openSession(AGENT, SIGNAL);
    await session.apply([[put("/app/a", "mine")]], SIGNAL);
    await redis.put("/app/a", "theirs");
    await eventually("a renewal", () => told.some(({ kind }) => kind === "lease-renewed"));
    expect(await redis.cli("ttl", "/app/a")).toBe("-1");
    await session.close("revoke", SIGNAL);
    expect(await redis.cli("get", "/app/a")).toBe("theirs");
    expect(await redis.cli("exists", "hecd:leases")).toBe("0");
  });
});
