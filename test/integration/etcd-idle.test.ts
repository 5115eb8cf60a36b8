import { expect, test } from "vitest";
import { startEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { FakeDocker, idOf } from "../support/fake-docker.js";
import { Hecd } from "../support/hecd.js";

test("an agent at rest lets the history of etcd not grow by one entry, however often it renews and compares", async () => {
  await using etcd = await startEtcd();
  await using docker = await FakeDocker.start();
  const container = { name: "one", status: "running", startedAt: "2026-01-02T03:04:05Z", hostPort: 32_001 } as const;
  docker.containers.set(idOf(1), { ...container, labels: { "hecd.service": "web" } });
  await using agent = new Hecd([
    ...["agent", "--docker", docker.url, "--host-id", "host1", "--advertise", "192.0.2.1", "--probe", "off"],
    ...["--etcd", etcd.endpoint, "--ttl", "5s", "--resync", "1s", "--listen", "off", "--log-level", "debug"],
  ]);
  const renewals = (): number => agent.log.split('"lease-renewed"').length;
  await agent.said(/Registered \/app\/web\/one/);
  const first = renewals();
  await eventually("a renewal", () => renewals() > first, 10_000);
  const before = await etcd.revision();
  await eventually("three more of them", () => renewals() > first + 3, 20_000);
  expect(await etcd.revision()).toBe(before);
});
