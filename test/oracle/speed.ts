import { performance } from "node:perf_hooks";
import { bytesOf } from "../../src/template/go-values/bytes.js";
import { parseTemplate } from "../../src/template/go/template.js";
import type { Case } from "./engine.js";
import { functionsOf } from "./functions.js";
import type { GoProgram } from "./go-program.js";

/** What a large site's template does with each of its keys. */
export const TEMPLATE = `{{range $i, $p := gets "/hosts/*"}}{{$d := json .Value}}{{$at := split $d.address ":"}}
server {{base .Key}} {{printf "%s:%s weight %03.0f id %d" (index $at 0) (index $at 1) $d.weight $i}}{{if $d.backup}} backup{{end}}{{end}}`;

const PAIRS = 10_000;
const REPEAT = 10;

/** One line about the time that 10,000 pairs take here and in Go, parsed anew and parsed before. */
export function measure(go: GoProgram): string {
  const asked: Case = { template: TEMPLATE, store: storeOf(PAIRS) };
  const functions = functionsOf(asked.store);
  const coldMs = timed(() => parseTemplate("t", bytesOf(TEMPLATE), functions).execute(undefined, functions));
  const template = parseTemplate("t", bytesOf(TEMPLATE), functions);
  const warmMs = Math.min(...Array.from({ length: REPEAT }, () => timed(() => template.execute(undefined, functions))));
  const goMs = (go.time(asked, REPEAT) * 1000) / REPEAT;
  const factor = (warmMs / goMs).toFixed(2);
  return `${PAIRS} pairs: ${coldMs.toFixed(1)} ms cold, ${warmMs.toFixed(1)} ms warm; Go ${goMs.toFixed(1)} ms; ${factor} times Go's`;
}

/** So many keys, each with a small record. */
export function storeOf(count: number): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `/hosts/web-${String(index).padStart(5, "0")}`,
      JSON.stringify({
        address: `10.0.${index >> 8}.${index & 255}:8080`,
        weight: index % 256,
        backup: index % 7 === 0,
      }),
    ]),
  );
}

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
