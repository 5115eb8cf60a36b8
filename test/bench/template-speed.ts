import { compileTemplate } from "../../src/template/compile.js";
import { GoProgram } from "../oracle/go-program.js";
import { ensureGo } from "../oracle/golang.js";
import { storeOf, TEMPLATE } from "../oracle/speed.js";
import { renderKeys } from "../support/golden.js";
import { type Comparison, summaryOf } from "./statistics.js";

const KEYS = 10_000;

/** A template that takes each of 10,000 values apart, rendered here and by Go itself: newly read, and read before. */
export async function templateSpeed(rounds: number): Promise<readonly Comparison[]> {
  ensureGo();
  using go = GoProgram.build();
  const store = storeOf(KEYS);
  const [coldMs, warmMs, goMs]: [number[], number[], number[]] = [[], [], []];
  const template = await compileTemplate("warm.tmpl", TEMPLATE);
  for (let round = -2; round < rounds; round++) {
    const cold = await timed(async () => renderKeys(await compileTemplate("cold.tmpl", TEMPLATE), store));
    const warm = await timed(async () => renderKeys(template, store));
    const theirs = go.time({ template: TEMPLATE, store }, 1) * 1_000;
    if (round < 0) continue; // the first two rounds warm up
    coldMs.push(cold);
    warmMs.push(warm);
    goMs.push(theirs);
  }
  const floor = summaryOf(goMs);
  return [
    { what: "10,000 keys through a Go template, newly read, beside Go itself", ours: summaryOf(coldMs), floor },
    { what: "the same, read before", ours: summaryOf(warmMs), floor },
  ];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
