#!/usr/bin/env bash
# etcd3: to cancel one's own watches is held against the host, until it is not asked any more.
#
# version:  etcd3 1.1.2 (npm) with cockatiel 3.2.1, against any etcd of 3.4 or 3.5
# source:   lib/connection-pool.js of etcd3 (microsoft/etcd3) tells the circuit breaker of a host of errors of its
#           streams; a stream that its own client has cancelled says CANCELLED, as gRPC's documentation has it
# expected: when a client has cancelled three watches that it no longer needs, an etcd that is well is asked as before
# seen:     the next request fails with BrokenCircuitError; with end() before cancel() it is answered
set -euo pipefail

dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" etcd3@1.1.2 cockatiel@3.2.1
etcd=$(command -v etcd) || {
  (cd "$dir" && apt-get download -qq etcd-server && dpkg-deb --extract etcd-server_*.deb .)
  etcd=$dir/usr/bin/etcd
}
read -r client peer < <(node -e '
  const open = [0, 0].map(() => require("net").createServer().listen(0, "127.0.0.1"));
  setTimeout(() => { console.log(...open.map((s) => s.address().port)); open.forEach((s) => s.close()); }, 50);')
"$etcd" --data-dir "$dir/data" --listen-client-urls "http://127.0.0.1:$client" \
  --advertise-client-urls "http://127.0.0.1:$client" --listen-peer-urls "http://127.0.0.1:$peer" \
  --initial-advertise-peer-urls "http://127.0.0.1:$peer" --initial-cluster "default=http://127.0.0.1:$peer" \
  >"$dir/etcd.log" 2>&1 &
echo "version: etcd3 1.1.2, $("$etcd" --version | sed -n 1p), Node $(node --version)"

cat >"$dir/see.mjs" <<'JS'
import { setTimeout as pause } from "node:timers/promises";
import { Etcd3 } from "etcd3";
const outcome = (promise) => promise.then((value) => `answered ${value}`, (error) => error.constructor.name);
const after = async (leave) => {
  const etcd = new Etcd3({ hosts: process.argv[2] });
  for (let up; !up; ) up = await etcd.put("small").value("x").catch(() => pause(200));
  await pause(6_000); // what failed while etcd was starting is forgotten
  await etcd.get("small").string();
  const streams = [];
  for (let n = 0; n < 3; n++) {
    const stream = await etcd.watchClient.watch();
    stream.on("error", () => undefined);
    stream.write({ create_request: { key: Buffer.from("small") } });
    await new Promise((resolve) => stream.once("data", resolve));
    streams.push(stream);
  }
  streams.forEach(leave);
  await pause(500);
  return outcome(etcd.get("small").string());
};
const cancelled = await after((stream) => stream.cancel());
const ended = await after((stream) => { stream.end(); stream.cancel(); });
console.log(`after three cancelled watches: ${cancelled}; after three that were ended, then cancelled: ${ended}`);
process.exit(cancelled === "BrokenCircuitError" && ended === "answered x" ? 0 : 1);
JS
timeout 120 node "$dir/see.mjs" "127.0.0.1:$client"
