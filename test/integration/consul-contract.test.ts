import { afterAll, beforeAll } from "vitest";
import type { HecdEvent } from "../../src/core/events/event.js";
import { openConsul } from "../../src/edges/consul/store.js";
import { systemClock } from "../../src/flow/clock.js";
import { describeStore } from "../store-contract.js";
import { TestConsul } from "../support/consul.js";

let consul: TestConsul;
let tests = 0;

beforeAll(async () => {
  consul = await TestConsul.start();
});

afterAll(async () => {
  await consul[Symbol.asyncDispose]();
});

describeStore("the store in Consul", async () => {
  const told: HecdEvent[] = [];
  const deps = { clock: systemClock, emit: (event: HecdEvent) => told.push(event) };
  const store = openConsul({ endpoints: [consul.endpoint] }, deps);
  return {
    store,
    told,
    root: `/test/${++tests}`,
    put: (key, value) => consul.put(key, value),
    delete: (key) => consul.delete(key),
    expire: () => consul.expire(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
});
