import { snapshotOf } from "../../src/core/model/snapshot.js";
import { hasCode } from "../../src/errors.js";
import { templateWorld } from "../../src/edges/output/template-world.js";
import { systemClock } from "../../src/flow/clock.js";
import { durationOf } from "../../src/template/time/duration.js";
import { timeOf } from "../../src/template/time/time-type.js";
import { Location } from "../../src/template/time/zone.js";
import { bytesOf, textOf } from "../../src/template/go-values/bytes.js";
import { type Functions, type GoFunction, type GoValue, INT, STRING } from "../../src/template/go-values/values.js";
import { parseTemplate } from "../../src/template/go/template.js";
import { readPattern } from "../../src/template/regexp/pattern.js";
import { goFunctions, scopeOf } from "../../src/template/scope.js";
import type { Answer, Case } from "./engine.js";

/** What this engine makes of a case with all functions of the product; anything but an output or a template's error is thrown. */
export function renderWithFunctions({ template, store }: Case): Answer {
  const scope = scopeOf(
    { snapshot: snapshotOf(1n, Object.entries(store)), prefix: "/", env: {} },
    undefined,
    readPattern,
  );
  const functions: Functions = new Map([...goFunctions(scope), ...TIMES]);
  try {
    return { output: parseTemplate("t", bytesOf(template), functions).execute(undefined, functions) };
  } catch (error) {
    if (!hasCode(error, "template-invalid")) throw error;
    return { error: error.fault.reason };
  }
}

/** Whether both sides gave the same bytes, or refused in the same words. */
export function sameAnswer(left: Answer, right: Answer): boolean {
  if ("output" in left) return "output" in right && left.output === right.output;
  return "error" in right && left.error === right.error;
}

/** Times and durations, which no function of the product gives twice alike. */
const TIME_AT: readonly [string, GoFunction] = [
  "timeAt",
  {
    params: [INT, INT, STRING, INT],
    call: ([seconds, nanos, zone, offset]) => {
      const unixNanoseconds = intArg(seconds) * 1_000_000_000n + intArg(nanos);
      const name = textOf(typeof zone === "string" ? zone : "");
      return timeOf({ unixNanoseconds }, new Location(name, () => ({ name, offsetSeconds: Number(offset) })), here());
    },
  },
];

const CLOCK_AT: readonly [string, GoFunction] = [
  "clockAt",
  {
    params: [INT, INT, INT],
    call: ([seconds, nanos, running]) => {
      const unixNanoseconds = intArg(seconds) * 1_000_000_000n + intArg(nanos);
      return timeOf({ unixNanoseconds, runningNanoseconds: intArg(running) }, here());
    },
  },
];

const LASTING: readonly [string, GoFunction] = [
  "lasting",
  { params: [INT], call: ([nanoseconds]) => durationOf(intArg(nanoseconds)) },
];

/** Where this process is, by its variable TZ, which the program of Go reads as well. */
function here(): Location {
  const { TZ: zone = "" } = process.env;
  const known = PLACES.get(zone) ?? templateWorld("/", systemClock, process.env).here;
  PLACES.set(zone, known);
  return known;
}

const PLACES = new Map<string, Location>();

const TIMES = [TIME_AT, CLOCK_AT, LASTING];

function intArg(value: GoValue): bigint {
  return typeof value === "number" || typeof value === "bigint" ? BigInt(value) : 0n;
}
