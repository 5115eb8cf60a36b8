import { expect, test } from "vitest";
import { EtcdWorld, ROOT, withoutRereading } from "../support/etcd-world.js";
import { startEtcd } from "../support/etcd.js";
import { TcpProxy } from "../support/tcp-proxy.js";

// Beside others, a slow machine takes the time from it that the connection has to prove it lives.
test("the store in etcd misses no change when it has 45 MB in 5,000 values to catch up with", async () => {
  await using etcd = await startEtcd();
  await using proxy = await TcpProxy.open(etcd.port);
  await using world = await EtcdWorld.open({ endpoints: [proxy.endpoint] }, withoutRereading);
  proxy.refuse();
  await etcd.write(Array.from({ length: 5_000 }, (_, n) => [`${ROOT}/count/${n}`, `${n}`.padEnd(9_000, "x")] as const));
  proxy.heal();
  process.stdout.write(`    45 MB: caught up after: ${await world.agrees(etcd, 20_000)} ms\n`);
  expect(world.events("watch-resumed").map(({ how }) => how)).toEqual(["continued"]);
  // Together more than fits one answer: read in smaller pages.
  await etcd.write(Array.from({ length: 3_000 }, (_, n) => [`${ROOT}/more/${n}`, "x".repeat(9_000)] as const));
  expect((await world.store.read([ROOT], world.signal)).entries.size).toBe(8_000);
});
