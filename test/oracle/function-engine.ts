import { snapshotOf } from "../../src/core/model/snapshot.js";
import { hasCode } from "../../src/errors.js";
import { Time } from "../../src/template/functions/time.js";
import type { TemplateWorld } from "../../src/template/functions/world.js";
import { bytesOf, textOf } from "../../src/template/go-values/bytes.js";
import { type Functions, type GoFunction, INT, STRING } from "../../src/template/go-values/values.js";
import { parseTemplate } from "../../src/template/go/template.js";
import { goFunctions, scopeOf } from "../../src/template/scope.js";
import type { Answer, Case } from "./engine.js";

/** What this engine makes of a case with all functions of the product; anything but an output or a template's error is thrown. */
export function renderWithFunctions({ template, store }: Case): Answer {
  const scope = scopeOf({ snapshot: snapshotOf(1n, Object.entries(store)), prefix: "/", env: {} });
  const functions: Functions = new Map([...goFunctions(scope), TIME_AT]);
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

const TIME_AT: readonly [string, GoFunction] = [
  "timeAt",
  {
    params: [INT, INT, STRING, INT],
    call: ([seconds, nanos, zone, offset]) => {
      const unixNanoseconds = BigInt(Number(seconds)) * 1_000_000_000n + BigInt(Number(nanos));
      const zoneAt = { name: textOf(typeof zone === "string" ? zone : ""), offsetSeconds: Number(offset) };
      return new Time({ unixNanoseconds }, zoneAt, NOWHERE);
    },
  },
];

const NOWHERE: TemplateWorld = {
  now: () => ({ unixNanoseconds: 0n }),
  zoneAt: () => ({ name: "UTC", offsetSeconds: 0 }),
  hostname: () => "",
  addressesOf: () => [],
  seeFile: () => "missing",
  lookupHost: () => [],
  lookupService: () => [],
  readTemplate: () => ({ problem: "there are no files" }),
};
