#!/usr/bin/env bash
# gRPC for Node: a client made anew goes on with the connection of the one before it.
#
# version:  @grpc/grpc-js 1.14.7 below etcd3 1.1.2 (npm), against any etcd of 3.4 or 3.5
# source:   packages/grpc-js/src/subchannel-pool.ts of grpc/grpc-node: a pool for the whole process, keyed by address,
#           credentials and options; its README lists grpc.use_local_subchannel_pool
# expected: a second client, made because the connection of the first one is of no use, makes a connection of its own
# seen:     as long as the first one is not closed, two clients with equal options share one TCP connection; one option
#           that differs, even an unknown one, and there is a second connection
set -euo pipefail

dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" etcd3@1.1.2 @grpc/grpc-js@1.14.7
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
echo "version: etcd3 1.1.2, @grpc/grpc-js 1.14.7, $("$etcd" --version | sed -n 1p), Node $(node --version)"

cat >"$dir/see.mjs" <<'JS'
import { connect, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { Etcd3 } from "etcd3";
const target = Number(process.argv[2]);
let connections = 0;
const proxy = createServer((inside) => {
  connections++;
  const outside = connect(target, "127.0.0.1");
  for (const socket of [inside, outside]) socket.on("error", () => { inside.destroy(); outside.destroy(); });
  inside.pipe(outside).pipe(inside);
}).listen(0, "127.0.0.1");
await new Promise((resolve) => proxy.once("listening", resolve));
const dial = (grpcOptions) => new Etcd3({ hosts: `127.0.0.1:${proxy.address().port}`, grpcOptions });
const first = dial({ "grpc.keepalive_time_ms": 10_000 });
for (let up; !up; ) up = await first.get("x").exec().catch(() => pause(200));
connections = 1; // attempts while etcd was starting are not of interest
await dial({ "grpc.keepalive_time_ms": 10_000 }).get("x").exec();
const equal = connections;
await dial({ "grpc.keepalive_time_ms": 10_000, "example.dial": 2 }).get("x").exec();
console.log(`connections with equal options: ${equal}; with one that differs: ${connections}`);
process.exit(equal === 1 && connections === 2 ? 0 : 1);
JS
timeout 60 node "$dir/see.mjs" "$client"
