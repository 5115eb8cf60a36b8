import { openConsul } from "../../src/edges/consul/store.js";
import { systemClock } from "../../src/flow/clock.js";
import { describeStoreFaults } from "../store-faults.js";
import { TestConsul } from "../support/consul.js";

describeStoreFaults("the store in Consul", {
  startServer: () => TestConsul.start(),
  open: async (port, emit) => openConsul({ endpoints: [`127.0.0.1:${port}`] }, { clock: systemClock, emit }),
  asksFirst: true,
  seenWithinMs: 2_000,
});
