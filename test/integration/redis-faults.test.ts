import { openRedis } from "../../src/edges/redis/store.js";
import { systemClock } from "../../src/flow/clock.js";
import { describeStoreFaults } from "../store-faults.js";
import { TestRedis } from "../support/redis.js";

const open = async (port: number, emit: Parameters<typeof openRedis>[1]["emit"]) =>
  openRedis({ endpoints: [`127.0.0.1:${port}`] }, { clock: systemClock, emit });

describeStoreFaults("the store in Redis", { startServer: () => TestRedis.start(), open, seenWithinMs: 2_000 });

describeStoreFaults("the store in a Redis that tells of nothing", {
  startServer: () => TestRedis.start("--notify-keyspace-events", ""),
  open,
  seenWithinMs: 9_000,
});
