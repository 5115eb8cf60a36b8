import { openEtcd } from "../../src/edges/etcd/store.js";
import { systemClock } from "../../src/flow/clock.js";
import { describeStoreFaults } from "../store-faults.js";
import { startEtcd } from "../support/etcd.js";

describeStoreFaults("the store in etcd", {
  startServer: () => startEtcd(),
  open: (port, emit) => openEtcd({ endpoints: [`127.0.0.1:${port}`] }, { clock: systemClock, emit }),
  seenWithinMs: 2_000,
});
