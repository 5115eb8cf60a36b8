#!/usr/bin/env bash
# dockerode: every request writes the whole agent out as text, whether anybody reads that or not.
#
# version:  dockerode 5.0.1 with docker-modem 5.0.7 (npm), against anything that speaks HTTP on a socket
# source:   README of debug-js/debug: what is not named in DEBUG is off; lib/modem.js of apocas/docker-modem makes the
#           argument of debug() by util.inspect() all the same
# expected: without DEBUG nothing is written out for debugging
# seen:     an agent that is given to dockerode is inspected once for each request; the text of a keep-alive agent with two
#           connections has more than ten thousand characters
set -euo pipefail

dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" dockerode@5.0.1 docker-modem@5.0.7
echo "version: dockerode 5.0.1, docker-modem $(sed -n 's/.*"version": "\(.*\)".*/\1/p' "$dir/node_modules/docker-modem/package.json"), Node $(node --version)"

cat >"$dir/see.mjs" <<'JS'
import { Agent, createServer } from "node:http";
import { inspect } from "node:util";
import Docker from "dockerode";
const [socketPath] = process.argv.slice(2);
const server = createServer((_, response) => setTimeout(() => response.end("{}"), 20));
await new Promise((resolve) => server.listen(socketPath, resolve));
const agent = new Agent({ keepAlive: true });
let inspected = 0;
let longest = 0;
agent[inspect.custom] = function (_, options) {
  inspected++;
  const text = inspect({ ...this, [inspect.custom]: undefined }, { ...options, showHidden: true, depth: null });
  longest = Math.max(longest, text.length);
  return "Agent";
};
const docker = new Docker({ socketPath, agent });
for (let n = 0; n < 10; n++) await Promise.all([docker.version(), docker.version()]);
console.log(`DEBUG: ${process.env.DEBUG ?? "unset"}; requests: 20; inspections: ${inspected}; longest text: ${longest} characters`);
process.exit(inspected === 20 && longest > 10_000 ? 0 : 1);
JS
timeout 60 env --unset=DEBUG node "$dir/see.mjs" "$dir/http.sock"
