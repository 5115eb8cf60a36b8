/**
 * A process that registers a key, watches, closes its store, and has nothing more to do. Arguments: etcd endpoint, and
 * two files, to which it writes the time (milliseconds) when the store is closed and when the process ends.
 */
import { writeFileSync } from "node:fs";
import { openEtcd } from "../../src/edges/etcd/store.js";
import { systemClock } from "../../src/flow/clock.js";
import { required } from "./required.js";

const endpoint = required(process.argv[2], "endpoint of etcd");
const closedAt = required(process.argv[3], "file for the closing");
const endedAt = required(process.argv[4], "file for the end");
const control = new AbortController();
const { signal } = control;
const store = await openEtcd(
  { endpoints: [endpoint], username: "root", password: "secret" },
  { clock: systemClock, emit: () => undefined },
);
const holder = { hostname: "test", pid: 1, since: "2026-01-02T03:04:05Z" };
const session = await store.openSession({ hostId: "h", agent: "a", holder, ttlSeconds: 5 }, signal);
await session.apply([[{ kind: "put", key: "/app/a", value: "1" }]], signal);
const states = store.watch(["/app"], signal)[Symbol.asyncIterator]();
await states.next();
const waiting = states.next().catch(() => undefined);
await session.close("revoke", signal);
control.abort(new Error("over"));
await waiting;
await store[Symbol.asyncDispose]();
writeFileSync(closedAt, String(Date.now()));
process.on("exit", () => {
  writeFileSync(endedAt, String(Date.now()));
});
