#!/usr/bin/env bash
# HAProxy: a dead server added at run time is in use for a whole interval before its first check.
#
# version:  HAProxy 2.6 (Debian bookworm) and 3.2 (Debian forky)
# source:   configuration manual of HAProxy, `inter`: the interval between two checks, and all checks are started with a
#           small offset between them; management guide, `enable health`, which enables the sending of checks
# expected: the first check is made when checks are enabled, as it is at the start of a process
# seen:     with `inter 3s fall 1` and a port where nobody listens the server of the file is DOWN in half a second, the
#           added one UP for three seconds, in which requests that it gets end in 503
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
for suite in bookworm forky; do unpack "$suite" "$dir/$suite" whole haproxy; done

cat >"$dir/see.mjs" <<'JS'
import { get } from "node:http";
import { connect } from "node:net";
const [socket, path] = process.argv.slice(2);
const ask = (socket, line) => new Promise((resolve) => {
  let said = "";
  const connection = connect(socket, () => connection.end(`${line}\n`));
  connection.on("data", (bytes) => (said += bytes));
  connection.on("error", ({ code }) => resolve(code));
  connection.on("close", () => resolve(said));
});
const statusOf = async (name) => {
  const row = (await ask(socket, "show stat")).split("\n").find((line) => line.startsWith(`be,${name},`));
  return row?.split(",")[17] ?? "";
};
const untilDown = async (name, since) => {
  for (let tries = 0; tries < 400 && !(await statusOf(name)).startsWith("DOWN"); tries++)
    await new Promise((resolve) => setTimeout(resolve, 25));
  return Date.now() - since;
};
const inFile = await untilDown("file", Date.now());
const since = Date.now();
await ask(socket, "add server be/added 127.0.0.1:1 check inter 3s fall 1;enable health be/added;enable server be/added");
const early = await statusOf("added");
const answer = await new Promise((resolve) => get({ socketPath: path, path: "/" }, ({ statusCode }) => resolve(statusCode)));
const added = await untilDown("added", since);
console.log(`server of the file DOWN after ${inFile} ms; added one ${early}, its answer ${answer}, DOWN after ${added} ms`);
process.exit(inFile < added / 2 && early.startsWith("UP") && answer === 503 && added >= 2_500 ? 0 : 1);
JS
status=0
for suite in bookworm forky; do
  cat >"$dir/$suite.cfg" <<CFG
global
  stats socket $dir/$suite.sock level admin
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  retries 0
frontend web
  bind unix@$dir/$suite.web
  default_backend be
backend be
  server file 127.0.0.1:1 check inter 3s fall 1
CFG
  haproxy "$dir/$suite" -db -f "$dir/$suite.cfg" >"$dir/$suite.log" 2>&1 &
  timeout 60 node "$dir/see.mjs" "$dir/$suite.sock" "$dir/$suite.web" >"$dir/$suite.seen" || status=1
  kill $!
  wait $! || true
  echo "version: $( (haproxy "$dir/$suite" -v) | sed -n '1s/ 20.*//p'); $(cat "$dir/$suite.seen")"
done
exit "$status"
