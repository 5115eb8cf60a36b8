#!/usr/bin/env bash
# etcd3: a client that was closed goes on renewing its leases.
#
# version:  etcd3 1.1.2 (npm), against any etcd of 3.4 or 3.5
# source:   the API documentation of etcd3 (microsoft/etcd3, class Etcd3): close() frees what the client holds;
#           lib/connection-pool.js, Host#close, closes the services and not the streams that are open on them
# expected: the key of a lease of 2 s is gone a few seconds after close()
# seen:     it is still there 9 s later, renewed by the closed client, and gone once that process has ended
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
echo "version: etcd3 1.1.2, $("$etcd" --version | sed -n 1p), Node $(node --version)"

cat >"$dir/owner.mjs" <<'JS'
import { setTimeout as pause } from "node:timers/promises";
import { Etcd3 } from "etcd3";
const etcd = new Etcd3({ hosts: process.argv[2] });
for (let up; !up; ) up = await etcd.get("ready").exec().catch(() => pause(200));
await etcd.lease(2).put("mine").value("x");
etcd.close();
console.log("closed");
setInterval(() => undefined, 1_000); // a program that has other work to do
JS
cat >"$dir/see.mjs" <<'JS'
import { Etcd3 } from "etcd3";
console.log(await new Etcd3({ hosts: process.argv[2] }).get("mine").string());
process.exit();
JS
node "$dir/owner.mjs" "127.0.0.1:$client" >"$dir/owner.log" 2>&1 &
owner=$!
for _ in $(seq 100); do grep -q closed "$dir/owner.log" && break; sleep 0.2; done
grep -q closed "$dir/owner.log"
sleep 9
after=$(node "$dir/see.mjs" "127.0.0.1:$client")
kill "$owner"
sleep 9
end=$(node "$dir/see.mjs" "127.0.0.1:$client")
echo "value 9 s after close(): $after; 9 s after the end of the process: $end"
[ "$after" = x ] && [ "$end" = null ]
