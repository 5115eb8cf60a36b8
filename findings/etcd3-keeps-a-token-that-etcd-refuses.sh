#!/usr/bin/env bash
# etcd3: when users or roles of etcd are changed, a client with a JWT is refused from then on.
#
# version:  etcd3 1.1.2 (npm), against etcd with `--auth-token jwt` (3.4 and 3.5)
# source:   etcd's documentation, "etcd v3 authentication design": a token carries the revision of users and roles, and one
#           of an earlier revision is refused; pull request 13308 of etcd-io/etcd has the Go client fetch a new token then
# expected: the client fetches a new token, as it does when etcd says that the old one is invalid, and goes on
# seen:     every request fails with GRPCInvalidArgumentError ("revision of auth store is old"); a new client is answered
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
openssl genrsa -out "$dir/private.pem" 2048 2>"$dir/openssl.log"
openssl rsa -in "$dir/private.pem" -pubout -out "$dir/public.pem" 2>>"$dir/openssl.log"
"$etcd" --auth-token "jwt,pub-key=$dir/public.pem,priv-key=$dir/private.pem,sign-method=RS256,ttl=10m" \
  --data-dir "$dir/data" --listen-client-urls "http://127.0.0.1:$client" \
  --advertise-client-urls "http://127.0.0.1:$client" --listen-peer-urls "http://127.0.0.1:$peer" \
  --initial-advertise-peer-urls "http://127.0.0.1:$peer" --initial-cluster "default=http://127.0.0.1:$peer" \
  >"$dir/etcd.log" 2>&1 &
echo "version: etcd3 1.1.2, $("$etcd" --version | sed -n 1p), Node $(node --version)"

cat >"$dir/see.mjs" <<'JS'
import { setTimeout as pause } from "node:timers/promises";
import { Etcd3 } from "etcd3";
const etcd = new Etcd3({ hosts: process.argv[2] });
for (let up; !up; ) up = await etcd.get("ready").exec().catch(() => pause(200));
await etcd.put("key").value("x");
await etcd.role("root").create();
await etcd.user("root").create("secret");
await etcd.user("root").addRole("root");
await etcd.auth.authEnable();
const dial = () => new Etcd3({ hosts: process.argv[2], auth: { username: "root", password: "secret" } });
const outcome = (client) => client.get("key").string().then(
  (value) => `answered ${value}`,
  (error) => `${error.constructor.name} (${/revision of auth store is old/.exec(error.message)?.[0] ?? error.message})`,
);
const client = dial();
const before = await outcome(client);
await dial().role("more").create();
const after = new Set();
for (let n = 0; n < 20; n++) { after.add(await outcome(client)); await pause(500); }
const fresh = await outcome(dial());
console.log(`before: ${before}; for 10 s after another role was made: ${[...after].join(" or ")}; a new client: ${fresh}`);
process.exit(before === "answered x" && after.size === 1 && [...after][0].includes("revision of auth store is old") &&
  fresh === "answered x" ? 0 : 1);
JS
timeout 90 node "$dir/see.mjs" "127.0.0.1:$client"
