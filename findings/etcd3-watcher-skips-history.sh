#!/usr/bin/env bash
# etcd3's Watcher leaves out history that comes in one large answer, and says nothing.
#
# version:  etcd3 1.1.2 (npm), against any etcd of 3.4 or 3.5
# source:   the API documentation of etcd3 (microsoft/etcd3, class WatchBuilder) promises watchers that resubscribe and
#           replay changes; lib/watch.js, Watcher#updateRevision, takes the resume point from every header, also from
#           that of the answer that only opens the watch
# expected: a watch that starts at an old revision delivers all 1,000 changes since then, or an error
# seen:     the answer with the history is larger than gRPC takes; the watcher reconnects, starts from the present
#           revision, delivers none of them, and no `error` is emitted; a later change arrives
set -euo pipefail

dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" etcd3@1.1.2
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
echo "version: etcd3 1.1.2, $("$etcd" --version | head -1), Node $(node --version)"

cat >"$dir/see.mjs" <<'JS'
import { setTimeout as pause } from "node:timers/promises";
import { Etcd3 } from "etcd3";
const etcd = new Etcd3({ hosts: process.argv[2] });
let start;
while (!start) start = await etcd.get("ready").exec().catch(() => pause(200));
const from = String(BigInt(start.header.revision) + 1n);
for (let n = 0; n < 1_000; n += 50)
  await Promise.all(Array.from({ length: 50 }, (_, k) => etcd.put(`key/${n + k}`).value("v".repeat(9_000))));
const told = { connected: 0, disconnected: 0, error: 0, put: 0 };
const seen = new Set();
const watcher = await etcd.watch().prefix("key/").startRevision(from).create();
for (const name of ["connected", "disconnected", "error"]) watcher.on(name, () => told[name]++);
watcher.on("put", ({ key }) => { told.put++; seen.add(key.toString()); });
for (let tries = 0; tries < 100 && !seen.has("key/later"); tries++) {
  await etcd.put("key/later").value(String(tries));
  await pause(200);
}
const history = [...seen].filter((key) => key !== "key/later").length;
console.log(`history delivered: ${history} of 1000; later change delivered: ${seen.has("key/later")};`,
  `reconnected: ${told.disconnected > 0}; errors told: ${told.error}`);
process.exit(history === 0 && seen.has("key/later") && told.error === 0 ? 0 : 1);
JS
timeout 120 node "$dir/see.mjs" "127.0.0.1:$client"
