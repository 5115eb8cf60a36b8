import type { HecdEvent } from "../../../src/core/events/event.js";
import { MemoryStore } from "../../../src/edges/memory/store.js";
import { describeStore } from "../../store-contract.js";

describeStore(
  "the store in memory",
  async () => {
    const told: HecdEvent[] = [];
    const store = new MemoryStore((event) => told.push(event));
    return {
      store,
      told,
      root: "/test",
      put: async (key, value) => {
        store.put(key, value);
      },
      delete: async (key) => {
        store.delete(key);
      },
      expire: async () => {
        store.expireSessions();
      },
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    };
  },
  { hasSlots: false },
);
