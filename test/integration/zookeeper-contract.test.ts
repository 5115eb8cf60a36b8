import { afterAll, beforeAll } from "vitest";
import type { HecdEvent } from "../../src/core/events/event.js";
import { openZooKeeper } from "../../src/edges/zookeeper/store.js";
import { systemClock } from "../../src/flow/clock.js";
import { describeStore } from "../store-contract.js";
import { TestZooKeeper } from "../support/zookeeper.js";

let zooKeeper: TestZooKeeper;
let tests = 0;

beforeAll(async () => {
  zooKeeper = await TestZooKeeper.start();
});

afterAll(async () => {
  await zooKeeper[Symbol.asyncDispose]();
});

describeStore("the store in ZooKeeper", async () => {
  const told: HecdEvent[] = [];
  const deps = { clock: systemClock, emit: (event: HecdEvent) => told.push(event) };
  const store = openZooKeeper({ endpoints: [zooKeeper.endpoint] }, deps);
  return {
    store,
    told,
    root: `/test/${++tests}`,
    put: (key, value) => zooKeeper.put(key, value),
    delete: (key) => zooKeeper.delete(key),
    expire: () => zooKeeper.expire(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
});
