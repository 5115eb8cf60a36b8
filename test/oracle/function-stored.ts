import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import type { StoredCase } from "./stored.js";

const FILE = new URL("../template/functions/replay.json.gz", import.meta.url);

/** Keeps these calls of functions with Go's answers. */
export function storeFunctionCases(cases: readonly StoredCase[]): void {
  writeFileSync(FILE, gzipSync(JSON.stringify(cases.map(({ asked, theirs }) => ({ asked, theirs }))), { level: 9 }));
}

/** The calls kept. */
export function storedFunctionCases(): readonly StoredCase[] {
  // Written by `storeFunctionCases` alone.
  return JSON.parse(gunzipSync(readFileSync(FILE)).toString("utf8")) as readonly StoredCase[];
}
