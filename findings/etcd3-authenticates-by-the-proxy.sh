#!/usr/bin/env bash
# etcd3: with a user the options for gRPC hold for every request but that for the token.
#
# version:  etcd3 1.1.2 (npm) with @grpc/grpc-js 1.14.7, against any etcd of 3.4 or 3.5
# source:   the API documentation of etcd3 (microsoft/etcd3, interface IOptions): grpcOptions are those of the channels;
#           README of grpc/grpc-node: grpc.enable_http_proxy; lib/connection-pool.js, Authenticator, makes its own channel
# expected: with grpc.enable_http_proxy 0 a proxy in the environment counts for nothing
# seen:     so it is without a user; with one the request for the token goes to the proxy, and all fail where it is away
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
echo "version: etcd3 1.1.2, $("$etcd" --version | sed -n 1p), Node $(node --version)"

cat >"$dir/see.mjs" <<'JS'
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { Etcd3, Role, User } from "etcd3";
const etcd = new Etcd3({ hosts: process.argv[2], grpcOptions: { "grpc.enable_http_proxy": 0 } });
for (let up; !up; ) up = await etcd.get("ready").exec().catch(() => pause(200));
await etcd.put("key").value("x");
const outcome = async (auth) => {
  const client = new Etcd3({ hosts: process.argv[2], auth, grpcOptions: { "grpc.enable_http_proxy": 0 } });
  return client.get("key").string().then((value) => `answered ${value}`, (error) => error.constructor.name);
};
// A proxy that hangs up on everybody.
let asked = 0;
const proxy = createServer((client) => { asked++; client.destroy(); });
await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
process.env.http_proxy = `http://127.0.0.1:${proxy.address().port}`;
const without = await outcome(undefined);
const before = asked;
await etcd.role("root").create();
const root = etcd.user("root");
await root.create("secret");
await root.addRole("root");
await etcd.auth.authEnable();
const withUser = await outcome({ username: "root", password: "secret" });
const during = asked;
delete process.env.http_proxy;
const direct = await outcome({ username: "root", password: "secret" });
console.log(`without a user: ${without}, proxy asked: ${before > 0}; with a user: ${withUser}, proxy asked: ${during > 0};`,
  `with a user and no proxy in the environment: ${direct}`);
process.exit(without === "answered x" && before === 0 && withUser === "GRPCUnavailableError" && during > 0 &&
  direct === "answered x" ? 0 : 1);
JS
timeout 90 node "$dir/see.mjs" "127.0.0.1:$client"
