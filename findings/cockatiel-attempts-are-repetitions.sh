#!/usr/bin/env bash
# cockatiel: `maxAttempts: 4` makes five attempts.
#
# version:  cockatiel 3.2.1 (npm), the one that etcd3 1.1.2 takes in
# source:   README of connor4312/cockatiel, retry(policy, options): maxAttempts is the number of attempts before giving up,
#           and its example has "retry three times" beside it; RetryPolicy.js counts the repetitions
# expected: a function that always fails is called four times
# seen:     five times, whatever the backoff; 0 calls it once
set -euo pipefail

dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" cockatiel@3.2.1
echo "version: cockatiel 3.2.1, Node $(node --version)"

cat >"$dir/see.mjs" <<'JS'
import { ConstantBackoff, ExponentialBackoff, handleAll, retry } from "cockatiel";
const calls = async (options) => {
  let count = 0;
  await retry(handleAll, options).execute(() => { count++; throw new Error("never"); }).catch(() => undefined);
  return count;
};
const seen = [
  await calls({ maxAttempts: 4, backoff: new ConstantBackoff(5) }),
  await calls({ maxAttempts: 4, backoff: new ExponentialBackoff({ initialDelay: 5, maxDelay: 10 }) }),
  await calls({ maxAttempts: 0, backoff: new ConstantBackoff(5) }),
];
console.log(`calls with maxAttempts 4: ${seen[0]} and ${seen[1]}; with 0: ${seen[2]}`);
process.exit(seen.join() === "5,5,1" ? 0 : 1);
JS
timeout 30 node "$dir/see.mjs"
