import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Answer, Case } from "./engine.js";

const FILE = new URL("../template/go/replay.json.gz", import.meta.url);

/** A case with Go's answer, which can be replayed where there is no Go. */
export interface StoredCase {
  readonly asked: Case;
  readonly theirs: Answer;
}

/** Keeps these cases; outputs are bytes, written as chars up to U+00FF. */
export function store(cases: readonly StoredCase[]): void {
  writeFileSync(FILE, gzipSync(JSON.stringify(cases.map(({ asked, theirs }) => ({ asked, theirs }))), { level: 9 }));
}

/** The cases kept. */
export function stored(): readonly StoredCase[] {
  // Written by `store` alone.
  return JSON.parse(gunzipSync(readFileSync(FILE)).toString("utf8")) as readonly StoredCase[];
}
