#!/usr/bin/env bash
# HAProxy 2.6: a server added at run time gets a new connection for every request.
#
# version:  HAProxy 2.6 (Debian bookworm); for comparison 3.0 (trixie)
# source:   configuration manual of HAProxy: without `pool-max-conn` the number of idle connections has no limit, without
#           `pool-purge-delay` half of them are closed every 5 s; management guide, `add server`, which has no exception
# expected: a server added without further words keeps connections as one of the file without further words does
# seen:     20 requests make 20 connections to the added server of 2.6, one to that of the file; with both
#           `pool-max-conn -1` and `pool-purge-delay 5s` it makes one as well, with one of them alone 20; 3.0 makes one
set -euo pipefail

dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
# Unpacks packages of a Debian suite into a folder, from the mirror that this machine uses; nothing is installed.
unpack() {
  local suite=$1 root=$2 how=$3 apt=$dir/apt-$1 mirror deb
  shift 3
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | sed -n 1p)
  mkdir -p "$apt/archives/partial" "$apt/lists/partial" "$root"
  : >"$apt/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$apt/sources.list"
  cat >"$apt/apt.conf" <<CONF
$(apt-config dump Acquire)
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Debug::NoLocking "true";
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::Cache "$apt";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
CONF
  export APT_CONFIG=$apt/apt.conf
  apt-get update -qq
  if [ "$how" = alone ]; then
    (cd "$apt/archives" && apt-get download -qq "$@")
  else
    apt-get install -qq --yes --download-only "$@" >"$apt/log"
  fi
  unset APT_CONFIG
  for deb in "$apt"/archives/*.deb; do dpkg-deb --extract "$deb" "$root"; done
}

# Becomes the HAProxy of a folder, with the loader and the libraries beside it.
haproxy() {
  local root=$1 libc
  shift
  libc=$(basename "$(dirname "$(find "$root" -name libc.so.6)")")
  exec "$(find "$root" -type f -name 'ld-linux*.so.*' | sed -n 1p)" \
    --library-path "$root/lib/$libc:$root/usr/lib/$libc" "$root/usr/sbin/haproxy" "$@"
}
for suite in bookworm trixie; do unpack "$suite" "$dir/$suite" whole haproxy; done

cat >"$dir/see.mjs" <<'JS'
import { Agent, createServer, get } from "node:http";
import { connect } from "node:net";
const [socket, path] = process.argv.slice(2);
const ask = (socket, line) => new Promise((resolve) => {
  let said = "";
  const connection = connect(socket, () => connection.end(`${line}\n`));
  connection.on("data", (bytes) => (said += bytes));
  connection.on("error", ({ code }) => resolve(code));
  connection.on("close", () => resolve(said));
});
const listening = (server) => new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
const origin = createServer((_, response) => response.end("x"));
let connections = 0;
origin.on("connection", () => connections++);
origin.keepAliveTimeout = 60_000;
const port = await listening(origin);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const request = () => new Promise((resolve, reject) => {
  get({ socketPath: path, path: "/", agent: false }, (response) => response.on("end", resolve).resume()).on("error", reject);
});
for (let tries = 0; tries < 100 && !(await ask(socket, "show servers state")).includes("be"); tries++)
  await new Promise((resolve) => setTimeout(resolve, 100));
const counted = async () => {
  connections = 0;
  for (let n = 0; n < 20; n++) await request();
  return connections;
};
await ask(socket, `set server be/file addr 127.0.0.1 port ${port};set server be/file state ready`);
await new Promise((resolve) => setTimeout(resolve, 200));
const counts = [await counted()];
await ask(socket, "set server be/file state maint");
for (const [n, words] of ["", "pool-max-conn -1", "pool-purge-delay 5s", "pool-max-conn -1 pool-purge-delay 5s"].entries()) {
  await ask(socket, `add server be/a${n} 127.0.0.1:${port} ${words};enable server be/a${n}`);
  counts.push(await counted());
  await ask(socket, `set server be/a${n} state maint`);
}
console.log(counts.join(" "));
process.exit(0);
JS
for suite in bookworm trixie; do
  cat >"$dir/$suite.cfg" <<CFG
global
  stats socket $dir/$suite.sock level admin
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  http-reuse always
frontend web
  bind unix@$dir/$suite.web
  default_backend be
backend be
  server file 127.0.0.1:1 disabled
CFG
  haproxy "$dir/$suite" -db -f "$dir/$suite.cfg" >"$dir/$suite.log" 2>&1 &
  timeout 60 node "$dir/see.mjs" "$dir/$suite.sock" "$dir/$suite.web" >"$dir/$suite.seen"
  kill $!
  wait $! || true
  echo "version: $( (haproxy "$dir/$suite" -v) | sed -n '1s/ 20.*//p'); connections of 20 requests, to the server of the" \
    "file, an added one, with pool-max-conn, with pool-purge-delay, with both: $(cat "$dir/$suite.seen")"
done
[ "$(cat "$dir/bookworm.seen")" = "1 20 20 20 1" ] && [ "$(cat "$dir/trixie.seen")" = "1 1 1 1 1" ]
