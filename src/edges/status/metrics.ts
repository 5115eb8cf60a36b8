// Long because every metric stands in one table, and what counts for it in another.

import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { HecdEvent } from "../../core/events/event.js";
import type { Clock } from "../../flow/clock.js";

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The label that tells the hosts of an agent apart that follows several engines; absent where there is but one. */
const HOST = "host";

/** Counts what is told, in the form Prometheus reads. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #clock: Clock;
  /** By resource. */
  readonly #certificateFiles = new Map<string, readonly string[]>();
  /** By host, which is undefined where there is but one. */
  readonly #leaseEndsAt = new Map<string | undefined, number>();
  readonly #events = this.#counter("hecd_docker_events_total", "Docker events seen, by action", ["action", HOST]);
  readonly #reconciles = this.#histogram("hecd_reconcile_seconds", "Time to bring the store in step with Docker", [
    HOST,
  ]);
  readonly #lag = this.#histogram(
    "hecd_docker_event_lag_seconds",
    "Time from the oldest of some Docker events until the keys that follow from them were settled",
    [HOST],
  );
  readonly #containers = this.#gauge("hecd_containers", "Containers at the last comparison", [HOST]);
  readonly #unseen = this.#gauge("hecd_containers_unseen", "Containers that could not be looked at, by reason", [
    "reason",
    HOST,
  ]);
  readonly #instances = this.#gauge("hecd_instances", "Instances registered at the last comparison", [HOST]);
  readonly #writes = this.#counter("hecd_writes_total", "Keys registered and deregistered", ["kind", HOST]);
  readonly #conflicts = this.#counter("hecd_key_conflicts_total", "Keys found to belong to somebody else", [HOST]);
  readonly #contested = this.#gauge(
    "hecd_key_conflicts",
    "Simple keys that are somebody else's, by whether they agree",
    ["value", HOST],
  );
  readonly #replaced = this.#counter("hecd_keys_replaced_total", "Keys of others that were written over", [HOST]);
  readonly #sessions = this.#counter("hecd_sessions_total", "Leases opened, taken over and lost", ["what", HOST]);
  readonly #lease = this.#gauge("hecd_lease_ttl_seconds", "Life of the lease as of its last renewal", [HOST]);
  readonly #leaseLeft: Gauge;
  readonly #connected = this.#gauge("hecd_connected", "Whether the other side answers", ["peer", HOST]);
  readonly #outages = this.#counter("hecd_outages_total", "Times the other side went away", ["peer", HOST]);
  readonly #full = this.#gauge("hecd_store_full", "Whether etcd has no space and refuses to take keys", []);
  readonly #relists = this.#counter("hecd_watch_resumed_total", "Watches taken up again, by how", ["how"]);
  readonly #renders = this.#histogram("hecd_render_seconds", "Time to render a template", ["resource"]);
  readonly #failures = this.#counter("hecd_render_failures_total", "Renderings that failed", ["resource"]);
  readonly #checks = this.#counter("hecd_checks_total", "Checks of new files, by verdict", ["resource", "accepted"]);
  readonly #applies = this.#histogram("hecd_apply_seconds", "Time from a state to its outcome", [
    "resource",
    "outcome",
  ]);
  readonly #reloads = this.#counter("hecd_reloads_total", "Reloads, by driver and success", ["by", "succeeded"]);
  readonly #reloadTime = this.#histogram("hecd_reload_seconds", "Time until a reload was proven", ["by"]);
  readonly #adjustments = this.#histogram(
    "hecd_adjust_seconds",
    "Time that runtime commands took until they were proven",
    ["resource"],
  );
  readonly #commands = this.#counter("hecd_runtime_commands_total", "Runtime commands sent to HAProxy", ["resource"]);
  readonly #differences = this.#counter("hecd_haproxy_differs_total", "Times HAProxy was not as its file says", [
    "resource",
  ]);
  readonly #differing = this.#gauge("hecd_haproxy_differing_servers", "Servers that are not as the file says", [
    "resource",
  ]);
  readonly #needs = this.#counter("hecd_reloads_needed_total", "Changes that only a reload could bring in", [
    "resource",
  ]);
  readonly #slotWaits = this.#histogram(
    "hecd_reload_slot_wait_seconds",
    "Time that reloads were put off and waited for a slot of their group, and whether they got one",
    ["resource", "group", "taken"],
  );
  readonly #slotWaiting = this.#gauge("hecd_reload_slot_waiting", "Whether a reload waits for a slot of its group", [
    "resource",
    "group",
  ]);
  readonly #oldWorkers = this.#gauge("hecd_haproxy_old_workers", "Workers left over from earlier reloads", [
    "resource",
  ]);
  readonly #oldBytes = this.#gauge("hecd_haproxy_old_worker_bytes", "Memory of those workers", ["resource"]);
  readonly #leaving = this.#gauge("hecd_haproxy_leaving_servers", "Servers that are out and not yet deleted", [
    "resource",
  ]);
  readonly #certificates = this.#gauge(
    "hecd_certificate_expiry_timestamp_seconds",
    "When a certificate of HAProxy ends, in seconds since 1970",
    ["resource", "file"],
  );
  readonly #obtained = this.#counter(
    "hecd_certificates_obtained_total",
    "Certificates that HAProxy has got from an authority by itself, and whether they are on disk",
    ["resource", "kept"],
  );
  readonly #refused = this.#counter("hecd_certificates_refused_total", "Certificates on disk that cannot be used", [
    "resource",
  ]);
  readonly #leftOut = this.#counter("hecd_values_left_out_total", "Values that did not fit and were left out", []);
  readonly #pinned = this.#gauge("hecd_pinned", "Whether a file is pinned to an earlier version", ["resource"]);
  readonly #pinnedOut = this.#gauge(
    "hecd_pinned_servers_out",
    "Servers of a pinned file that are out of work since the store no longer has them",
    ["resource"],
  );
  readonly #edits = this.#counter(
    "hecd_file_edits_total",
    "Files that somebody else had edited since they were written",
    ["resource"],
  );
  readonly #unwritten = this.#counter(
    "hecd_history_failures_total",
    "Times the history could not be written, as told",
    ["resource"],
  );
  readonly #ready = this.#gauge("hecd_ready", "Whether the daemon does its work, as /readyz says", []);
  readonly #restarts = this.#counter("hecd_haproxy_exits_total", "Unexpected ends of the HAProxy that we mind", []);

  /** Measures by `clock` what grows old; `linesLost` says how many lines of the log could not be written. */
  constructor(clock: Clock, linesLost = () => 0) {
    collectDefaultMetrics({ register: this.#registry });
    const lost = new Counter({
      name: "hecd_log_lines_lost_total",
      help: "Lines of the log that could not be written",
      registers: [this.#registry],
      collect() {
        lost.reset();
        lost.inc(linesLost());
      },
    });
    this.#clock = clock;
    this.#leaseLeft = new Gauge({
      name: "hecd_lease_remaining_seconds",
      help: "How long the lease would live on without another renewal",
      labelNames: [HOST],
      registers: [this.#registry],
      collect: () => {
        for (const [host, endsAt] of this.#leaseEndsAt) {
          this.#leaseLeft.set(labelOf(host), Math.max(0, endsAt - clock.now()) / 1_000);
        }
      },
    });
  }

  /** Counts one event, and of which host it is where there are several. */
  count(event: HecdEvent, host?: string): void {
    const of = labelOf(host);
    switch (event.kind) {
      case "docker-event":
        this.#events.inc({ action: event.action, ...of });
        break;
      case "docker-connected":
        this.#connected.set({ peer: "docker", ...of }, 1);
        break;
      case "docker-unreachable":
        this.#away({ peer: "docker", ...of }, event.lastedMs);
        break;
      case "store-connected":
        this.#connected.set({ peer: peerOf(event) }, 1);
        break;
      case "store-unreachable":
        this.#away({ peer: peerOf(event) }, event.lastedMs);
        break;
      case "store-full":
        this.#full.set(1);
        break;
      case "store-has-space":
        this.#full.set(0);
        break;
      case "reconciled":
        this.#reconciles.observe(of, event.tookMs / 1_000);
        if (event.lagMs !== undefined) this.#lag.observe(of, event.lagMs / 1_000);
        this.#containers.set(of, event.containers);
        this.#unseen.set({ reason: "unreadable", ...of }, event.unreadable);
        this.#unseen.set({ reason: "no-answer", ...of }, event.unanswered);
        this.#instances.set(of, event.instances);
        break;
      case "registered":
      case "deregistered":
        this.#writes.inc({ kind: event.kind, ...of });
        break;
      case "key-conflict":
        this.#conflicts.inc(of);
        break;
      case "key-replaced":
        this.#replaced.inc(of);
        break;
      case "contested":
        this.#contested.set({ value: "agrees", ...of }, event.agreeing);
        this.#contested.set({ value: "differs", ...of }, event.differing);
        break;
      case "session-opened":
        this.#sessions.inc({ what: event.adopted ? "adopted" : "opened", ...of });
        this.#renewed(host, event.ttlSeconds);
        break;
      case "session-lost":
        this.#sessions.inc({ what: "lost", ...of });
        this.#renewed(host, 0);
        break;
      case "lease-renewed":
        this.#renewed(host, event.ttlSeconds);
        break;
      case "watch-resumed":
        this.#relists.inc({ how: event.how });
        break;
      case "value-left-out":
        this.#leftOut.inc();
        break;
      case "rendered":
        this.#renders.observe({ resource: event.resource }, event.tookMs / 1_000);
        break;
      case "render-failed":
        this.#failures.inc({ resource: event.resource });
        break;
      case "checked":
        this.#checks.inc({ resource: event.resource, accepted: String(event.accepted) });
        break;
      case "applied":
        this.#applies.observe({ resource: event.resource, outcome: event.outcome.kind }, event.tookMs / 1_000);
        break;
      case "reloaded":
        this.#reloads.inc({ by: event.by, succeeded: String(event.succeeded) });
        this.#reloadTime.observe({ by: event.by }, event.tookMs / 1_000);
        break;
      case "haproxy-adjusted":
        this.#adjustments.observe({ resource: event.resource }, event.tookMs / 1_000);
        this.#commands.inc({ resource: event.resource }, event.commands);
        break;
      case "haproxy-reached":
        this.#connected.set({ peer: "haproxy" }, 1);
        break;
      case "haproxy-unreachable":
        this.#away({ peer: "haproxy" }, event.lastedMs);
        break;
      case "haproxy-differs":
        this.#differences.inc({ resource: event.resource });
        break;
      case "haproxy-compared":
        this.#differing.set({ resource: event.resource }, event.differing);
        break;
      case "certificates-compared":
        this.#setEnds(event.resource, event.certificates);
        break;
      case "certificate-obtained":
        this.#obtained.inc({ resource: event.resource, kept: String(event.failure === undefined) });
        break;
      case "certificate-refused":
        this.#refused.inc({ resource: event.resource });
        break;
      case "reload-needed":
        this.#needs.inc({ resource: event.resource });
        break;
      case "reload-waits":
        this.#slotWaiting.set({ resource: event.resource, group: event.group }, 1);
        break;
      case "reload-slot-taken":
      case "reload-without-slot": {
        const { resource, group, waitedMs } = event;
        this.#slotWaiting.set({ resource, group }, 0);
        const taken = String(event.kind === "reload-slot-taken");
        this.#slotWaits.observe({ resource, group, taken }, waitedMs / 1_000);
        break;
      }
      case "haproxy-watched":
        this.#oldWorkers.set({ resource: event.resource }, event.oldWorkers);
        this.#oldBytes.set({ resource: event.resource }, event.oldBytes);
        this.#leaving.set({ resource: event.resource }, event.leaving);
        break;
      case "haproxy-exited":
        this.#restarts.inc();
        break;
      case "pinned":
        this.#pinned.set({ resource: event.resource }, 1);
        this.#pinnedOut.set({ resource: event.resource }, event.out.length);
        break;
      case "pin-ended":
        this.#pinned.set({ resource: event.resource }, 0);
        this.#pinnedOut.set({ resource: event.resource }, 0);
        break;
      case "history-unwritable":
        this.#unwritten.inc({ resource: event.resource });
        break;
      case "file-edited":
        this.#edits.inc({ resource: event.resource });
        break;
      case "original-kept":
      case "advertising":
      case "skipped":
      case "probe-waits":
      case "stop-lingers":
      case "stop-outlived":
      case "claim-held":
      case "resources-loaded":
      case "resource-invalid":
      case "out-of-sync":
      case "backend-chosen":
      case "source-unreadable":
      case "advice":
      case "written-in-place":
      case "certificate-in-use":
      case "certificate-ends":
      case "haproxy-started":
      case "haproxy-said":
      case "servers-deleted":
      case "servers-linger":
      case "stalled":
      case "listening":
      case "stopping":
        break;
    }
  }

  /** All metrics of a daemon that waits for nothing, or for this, as text, with its content type. */
  async expose(waitingFor: readonly string[] = []): Promise<{ readonly contentType: string; readonly body: string }> {
    this.#ready.set(waitingFor.length === 0 ? 1 : 0);
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  #renewed(host: string | undefined, ttlSeconds: number): void {
    this.#lease.set(labelOf(host), ttlSeconds);
    this.#leaseEndsAt.set(host, this.#clock.now() + ttlSeconds * 1_000);
  }

  #setEnds(resource: string, certificates: readonly { readonly file: string; readonly ends: number }[]): void {
    for (const file of this.#certificateFiles.get(resource) ?? []) this.#certificates.remove({ resource, file });
    for (const { file, ends } of certificates) this.#certificates.set({ resource, file }, ends / 1_000);
    this.#certificateFiles.set(
      resource,
      certificates.map(({ file }) => file),
    );
  }

  #away(what: { readonly peer: string; readonly host?: string }, lastedMs: number): void {
    this.#connected.set(what, 0);
    if (lastedMs === 0) this.#outages.inc(what);
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #gauge<Label extends string>(name: string, help: string, labelNames: Label[]): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }

  #histogram<Label extends string>(name: string, help: string, labelNames: Label[]): Histogram<Label> {
    return new Histogram({ name, help, labelNames, buckets: SECONDS, registers: [this.#registry] });
  }
}

function labelOf(host: string | undefined): { readonly host?: string } {
  return host === undefined ? {} : { host };
}

function peerOf({ product = "etcd" }: { readonly product?: string }): string {
  return product.toLowerCase();
}
