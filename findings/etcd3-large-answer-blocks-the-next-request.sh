#!/usr/bin/env bash
# etcd3: one answer that is too large makes the next request fail, however small it is.
#
# version:  etcd3 1.1.2 (npm) with cockatiel 3.2.1 and @grpc/grpc-js 1.14.7, against any etcd of 3.4 or 3.5
# source:   the API documentation of etcd3 (microsoft/etcd3, interface IOptions, faultHandling): a circuit breaker for
#           each host, for hosts that are down; lib/errors.js has RESOURCE_EXHAUSTED among the recoverable errors, and
#           gRPC gives this code to an answer of more than 4 MiB
# expected: the large request fails once, and the next one is answered by an etcd that is well
# seen:     etcd serves the large request three times, then a get of one small key fails with BrokenCircuitError without
#           being sent; some five seconds later it is answered again
set -euo pipefail

dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" etcd3@1.1.2 cockatiel@3.2.1 @grpc/grpc-js@1.14.7
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
const etcd = new Etcd3({ hosts: process.argv[2] });
for (let up; !up; ) up = await etcd.get("ready").exec().catch(() => pause(200));
for (let n = 0; n < 6; n++) await etcd.put(`large/${n}`).value("v".repeat(1_000_000));
await etcd.put("small").value("x");
const served = async () => {
  const metrics = await (await fetch(`http://${process.argv[2]}/metrics`)).text();
  const lines = metrics.match(/^grpc_server_started_total\{.*grpc_method="Range".*\} (\S+)$/m);
  return Number(lines[1]);
};
const outcome = (promise) => promise.then((value) => `answered ${value}`, (error) => error.constructor.name);
const before = await served();
const large = await outcome(etcd.getAll().prefix("large/").strings());
const times = (await served()) - before;
const small = await outcome(etcd.get("small").string());
const sent = (await served()) - before - times;
await pause(6_000);
const later = await outcome(etcd.get("small").string());
console.log(`large: ${large}, sent ${times} times; small: ${small}, sent ${sent} times; small 6 s later: ${later}`);
process.exit(times === 3 && small === "BrokenCircuitError" && sent === 0 && later === "answered x" ? 0 : 1);
JS
timeout 120 node "$dir/see.mjs" "127.0.0.1:$client"
