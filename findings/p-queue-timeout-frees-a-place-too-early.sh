#!/usr/bin/env bash
# p-queue: a task that has timed out goes on, and the next one runs beside it, whatever the concurrency says.
#
# version:  p-queue 9.3.5 (npm)
# source:   README of sindresorhus/p-queue: `concurrency` is the limit of what runs at once; an operation that is not
#           complete within `timeout` throws a TimeoutError
# expected: with a concurrency of 1 never more than one task is at work
# seen:     add() rejects after the timeout, its task works on, and the next one is started: two are at work
set -euo pipefail

dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" p-queue@9.3.5
echo "version: p-queue 9.3.5, Node $(node --version)"

cat >"$dir/see.mjs" <<'JS'
import { setTimeout as pause } from "node:timers/promises";
import PQueue from "p-queue";
const queue = new PQueue({ concurrency: 1, timeout: 200 });
let atWork = 0;
let most = 0;
let finished = 0;
const task = (ms) => async () => {
  most = Math.max(most, ++atWork);
  await pause(ms);
  atWork--;
  finished++;
};
const first = queue.add(task(2_000)).then(() => "fulfilled", (error) => error.name);
const second = queue.add(task(50)).then(() => "fulfilled", (error) => error.name);
const outcomes = [await first, await second];
await pause(2_500);
console.log(`concurrency: 1; at work at once: ${most}; outcomes: ${outcomes.join(", ")}; tasks that came to their end: ${finished}`);
process.exit(most === 2 && outcomes.join() === "TimeoutError,fulfilled" && finished === 2 ? 0 : 1);
JS
timeout 30 node "$dir/see.mjs"
