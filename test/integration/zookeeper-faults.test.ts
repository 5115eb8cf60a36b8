import { openZooKeeper } from "../../src/edges/zookeeper/store.js";
import { systemClock } from "../../src/flow/clock.js";
import { describeStoreFaults } from "../store-faults.js";
import { TestZooKeeper } from "../support/zookeeper.js";

describeStoreFaults("the store in ZooKeeper", {
  startServer: () => TestZooKeeper.start(),
  open: async (port, emit) => openZooKeeper({ endpoints: [`127.0.0.1:${port}`] }, { clock: systemClock, emit }),
  asksFirst: true,
  seenWithinMs: 2_000,
});
