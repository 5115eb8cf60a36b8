import { describe, expect, test } from "vitest";
import { Metrics } from "../../../src/edges/status/metrics.js";
import { systemClock } from "../../../src/flow/clock.js";
import { ManualClock } from "../../support/manual-clock.js";

describe("the metrics", () => {
  test("say whether the daemon is ready", async () => {
    const metrics = new Metrics(new ManualClock());
    expect((await metrics.expose([])).body).toMatch(/^hecd_ready 1$/m);
    expect((await metrics.expose(["Docker"])).body).toMatch(/^hecd_ready 0$/m);
  });

  test("count what is told", async () => {
    const metrics = new Metrics(new ManualClock());
    metrics.count({ kind: "docker-event", action: "start", container: "a" });
    metrics.count({ kind: "docker-event", action: "start", container: "b" });
    const seen = { kind: "reconciled", containers: 7, unreadable: 1, unanswered: 2, instances: 3 } as const;
    metrics.count({ ...seen, transactions: 1, tookMs: 12, lagMs: 34 });
    metrics.count({ ...seen, transactions: 0, tookMs: 1, lagMs: undefined });
    metrics.count({ kind: "reloaded", by: "master", succeeded: true, tookMs: 40, output: "" });
    metrics.count({ kind: "applied", resource: "haproxy.toml", dest: "/x", outcome: { kind: "unchanged" }, tookMs: 2 });
    const { body } = await metrics.expose();
    expect(body).toContain('hecd_docker_events_total{action="start"} 2');
    expect(body).toContain("hecd_containers 7");
    expect(body).toContain('hecd_containers_unseen{reason="unreadable"} 1');
    expect(body).toContain('hecd_containers_unseen{reason="no-answer"} 2');
    expect(body).toContain('hecd_reloads_total{by="master",succeeded="true"} 1');
    expect(body).toContain('hecd_apply_seconds_count{resource="haproxy.toml",outcome="unchanged"} 1');
    expect(body).toContain("hecd_reconcile_seconds_sum 0.013");
    expect(body).toContain("hecd_docker_event_lag_seconds_sum 0.034");
    expect(body).toContain("hecd_docker_event_lag_seconds_count 1");
  });

  test("have the end of each certificate that is in use, and of none that is not any more", async () => {
    const metrics = new Metrics(new ManualClock());
    const seen = (resource: string, ...files: readonly string[]): void => {
      const certificates = files.map((file) => ({ file, ends: 1_800_000_000_500 }));
      metrics.count({ kind: "certificates-compared", resource, certificates });
    };
    seen("r", "/a.pem", "/b.pem");
    seen("other", "/a.pem");
    seen("r", "/b.pem");
    metrics.count({ kind: "certificate-refused", resource: "r", file: "/b.pem", reason: "no", isLoaded: true });
    for (const failure of [undefined, "no room"]) {
      const obtained = { file: "/b.pem", names: [], serial: "01", expires: "" };
      metrics.count({ kind: "certificate-obtained", resource: "r", ...obtained, failure });
    }
    const { body } = await metrics.expose();
    const ends = [...body.matchAll(/^hecd_certificate_expiry_timestamp_seconds(.*)$/gm)].map(([, rest]) => rest);
    expect(ends).toEqual([
      '{resource="other",file="/a.pem"} 1800000000.5',
      '{resource="r",file="/b.pem"} 1800000000.5',
    ]);
    expect(body).toContain('hecd_certificates_refused_total{resource="r"} 1');
    expect(body).toContain('hecd_certificates_obtained_total{resource="r",kept="true"} 1');
    expect(body).toContain('hecd_certificates_obtained_total{resource="r",kept="false"} 1');
  });

  test("keep hosts apart where there are several", async () => {
    const metrics = new Metrics(systemClock);
    for (const [host, containers] of [
      ["a", 7],
      ["b", 5],
    ] as const) {
      metrics.count(
        {
          kind: "reconciled",
          containers,
          unreadable: 0,
          unanswered: 0,
          instances: 3,
          transactions: 1,
          tookMs: 12,
          lagMs: undefined,
        },
        host,
      );
      metrics.count({ kind: "docker-unreachable", url: "tcp://x", reason: "refused", lastedMs: 0 }, host);
    }
    metrics.count({ kind: "docker-connected", url: "tcp://x", version: "1", afterMs: 1 }, "b");
    const { body } = await metrics.expose();
    expect(body).toContain('hecd_containers{host="a"} 7');
    expect(body).toContain('hecd_containers{host="b"} 5');
    expect(body).toContain('hecd_connected{peer="docker",host="a"} 0');
    expect(body).toContain('hecd_connected{peer="docker",host="b"} 1');
  });

  test("count an outage once, however often it is told", async () => {
    const metrics = new Metrics(new ManualClock());
    const away = { kind: "store-unreachable", endpoints: ["a:1"], reason: "refused" } as const;
    metrics.count({ ...away, lastedMs: 0 });
    metrics.count({ ...away, lastedMs: 10_000 });
    expect((await metrics.expose()).body).toMatch(/hecd_outages_total\{peer="etcd"\} 1\n/);
    expect((await metrics.expose()).body).toContain('hecd_connected{peer="etcd"} 0');
    metrics.count({ kind: "store-connected", endpoints: ["a:1"], afterMs: 12_000 });
    expect((await metrics.expose()).body).toContain('hecd_connected{peer="etcd"} 1');
  });

  test("say how long the lease lives on, and that it is gone when it was lost", async () => {
    const clock = new ManualClock();
    const metrics = new Metrics(clock);
    metrics.count({ kind: "session-opened", lease: "1", ttlSeconds: 30, adopted: false });
    await clock.advance(12_000);
    expect((await metrics.expose()).body).toMatch(/hecd_lease_ttl_seconds 30\n[^]*hecd_lease_remaining_seconds 18\n/);
    metrics.count({ kind: "lease-renewed", lease: "1", ttlSeconds: 30 });
    expect((await metrics.expose()).body).toContain("hecd_lease_remaining_seconds 30");
    metrics.count({ kind: "session-lost", lease: "1", reason: "expired" });
    expect((await metrics.expose()).body).toMatch(/ttl_seconds 0\n[^]*remaining_seconds 0\n/);
  });

  test("keep the leases of several hosts apart", async () => {
    const clock = new ManualClock();
    const metrics = new Metrics(clock);
    metrics.count({ kind: "session-opened", lease: "1", ttlSeconds: 30, adopted: false }, "a");
    await clock.advance(12_000);
    metrics.count({ kind: "session-opened", lease: "2", ttlSeconds: 60, adopted: false }, "b");
    metrics.count({ kind: "session-lost", lease: "2", reason: "expired" }, "b");
    const { body } = await metrics.expose();
    expect(body).toContain('hecd_lease_remaining_seconds{host="a"} 18');
    expect(body).toContain('hecd_lease_remaining_seconds{host="b"} 0');
  });

  test("count the keys of others as they are now, by whether they agree", async () => {
    const metrics = new Metrics(new ManualClock());
    metrics.count({ kind: "contested", agreeing: 2, differing: 1 });
    metrics.count({ kind: "contested", agreeing: 1, differing: 0 });
    metrics.count({ kind: "key-replaced", key: "/app/servers/a", held: "x" });
    const { body } = await metrics.expose();
    expect(body).toContain('hecd_key_conflicts{value="agrees"} 1');
    expect(body).toContain('hecd_key_conflicts{value="differs"} 0');
    expect(body).toContain("hecd_keys_replaced_total 1");
  });
});
