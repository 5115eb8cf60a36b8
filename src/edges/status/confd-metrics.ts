import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { HecdEvent, Outcome } from "../../core/events/event.js";

/** Counts what is told by those names of abtreece's confd that mean the same here. */
export class ConfdMetrics {
  readonly #registry = new Registry();
  readonly #registers = [this.#registry];
  readonly #loaded = new Gauge({
    name: "confd_templates_loaded",
    help: "Number of template resources currently loaded.",
    registers: this.#registers,
  });
  readonly #duration = new Histogram({
    name: "confd_template_process_duration_seconds",
    help: "Duration of template processing in seconds.",
    labelNames: ["dest"],
    registers: this.#registers,
  });
  readonly #processed = new Counter({
    name: "confd_template_process_total",
    help: "Total number of template processing operations.",
    labelNames: ["dest", "status"],
    registers: this.#registers,
  });
  readonly #synced = new Counter({
    name: "confd_file_sync_total",
    help: "Total number of file sync operations.",
    labelNames: ["dest"],
    registers: this.#registers,
  });
  readonly #changed = new Counter({
    name: "confd_file_changed_total",
    help: "Total number of files that were changed.",
    registers: this.#registers,
  });

  /** Counts one event. */
  count(event: HecdEvent): void {
    if (event.kind === "resources-loaded") this.#loaded.set(event.resources.length);
    if (event.kind !== "applied") return;
    const { dest, outcome, tookMs } = event;
    this.#duration.observe({ dest }, tookMs / 1_000);
    this.#processed.inc({ dest, status: FAILURES.has(outcome.kind) ? "error" : "success" });
    if (!WRITTEN.has(outcome.kind)) return;
    this.#synced.inc({ dest });
    this.#changed.inc();
  }

  /** What was counted, in the form Prometheus reads. */
  expose(): Promise<string> {
    return this.#registry.metrics();
  }
}

const FAILURES: ReadonlySet<Outcome["kind"]> = new Set(["rejected", "rolled-back", "reload-failed", "failed"]);
const WRITTEN: ReadonlySet<Outcome["kind"]> = new Set(["applied", "differs", "waiting", "reload-failed"]);
