import { afterAll, beforeAll } from "vitest";
import type { HecdEvent } from "../../src/core/events/event.js";
import { openRedis } from "../../src/edges/redis/store.js";
import { systemClock } from "../../src/flow/clock.js";
import { describeStore } from "../store-contract.js";
import { TestRedis } from "../support/redis.js";

let redis: TestRedis;
let tests = 0;

beforeAll(async () => {
  redis = await TestRedis.start();
});

afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});

describeStore("the store in Redis", async () => {
  const told: HecdEvent[] = [];
  const store = openRedis({ endpoints: [redis.endpoint] }, { clock: systemClock, emit: (event) => told.push(event) });
  return {
    store,
    told,
    root: `/test/${++tests}`,
    put: async (key, value) => {
      await redis.cli("set", key, value);
    },
    delete: async (key) => {
      await redis.cli("del", key);
    },
    expire: () => redis.expire(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
});
