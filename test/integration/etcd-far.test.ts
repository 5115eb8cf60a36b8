import { setTimeout as lasting } from "node:timers/promises";
import { describe, test } from "vitest";
import { EtcdWorld, ROOT } from "../support/etcd-world.js";
import { startEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { FarRelay } from "../support/far-relay.js";

describe.concurrent("a store in an etcd that is far away", () => {
  test.for([5, 10])(
    "keeps its lease and follows what changes, a second away: a lease of %i s",
    async (ttl, { expect }) => {
      await using etcd = await startEtcd();
      await using relay = await FarRelay.open(etcd.port, 1_000);
      await using world = await EtcdWorld.open({ endpoints: [relay.endpoint] });
      const session = await world.store.openSession(
        {
          hostId: "far",
          agent: "a",
          holder: { hostname: "t", pid: 1, since: "2026-01-02T03:04:05Z" },
          ttlSeconds: ttl,
        },
        world.signal,
      );
      await session.apply([[{ kind: "put", key: `${ROOT}/own`, value: "1" }]], world.signal);
      await lasting(3_000 * ttl); // three lives of the lease
      expect(session.lost.aborted).toBe(false);
      await etcd.write([[`${ROOT}/x`, "1"]]);
      await eventually("the change", () => world.latest?.entries.get(`${ROOT}/x`) === "1", 5_000);
      expect([...(world.latest?.entries.keys() ?? [])]).toEqual([`${ROOT}/own`, `${ROOT}/x`]);
    },
  );
});
