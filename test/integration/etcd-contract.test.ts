import { afterAll, beforeAll } from "vitest";
import type { HecdEvent } from "../../src/core/events/event.js";
import { openEtcd } from "../../src/edges/etcd/store.js";
import { systemClock } from "../../src/flow/clock.js";
import { describeStore } from "../store-contract.js";
import { type TestEtcd, startEtcd } from "../support/etcd.js";

let etcd: TestEtcd;
let tests = 0;

beforeAll(async () => {
  etcd = await startEtcd();
});

afterAll(async () => {
  await etcd[Symbol.asyncDispose]();
});

describeStore("the store in etcd", async () => {
  const told: HecdEvent[] = [];
  const store = await openEtcd(
    { endpoints: [etcd.endpoint] },
    { clock: systemClock, emit: (event) => told.push(event) },
  );
  return {
    store,
    told,
    root: `/test/${++tests}`,
    put: async (key, value) => {
      await etcd.ctl("put", key, value);
    },
    delete: async (key) => {
      await etcd.ctl("del", key);
    },
    expire: async () => {
      const [, ...leases] = (await etcd.ctl("lease", "list")).trim().split("\n");
      for (const lease of leases) await etcd.ctl("lease", "revoke", lease);
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
});
