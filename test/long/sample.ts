import { descriptorsOf, memoryOf } from "../support/process-memory.js";
import type { Sample } from "./flatness.js";

/** Looks at a renderer from outside, and at what it says of itself at its address. */
export async function sampleOf(pid: number, address: string): Promise<Sample> {
  const metrics = await (await fetch(`http://${address}/metrics`)).text();
  const valueOf = (name: string): number =>
    [...metrics.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "gm"))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
  return {
    "resident memory, MB": (await memoryOf(pid)).now,
    "heap in use, MB": valueOf("nodejs_heap_size_used_bytes") / 1_048_576,
    "open descriptors": await descriptorsOf(pid),
    "active handles and timers": valueOf("nodejs_active_resources_total"),
    "old workers of HAProxy": valueOf("hecd_haproxy_old_workers"),
  };
}
