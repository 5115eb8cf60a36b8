#!/usr/bin/env bash
# HAProxy: the master socket answers a line and does not close, while the socket of the worker does.
#
# version:  HAProxy 2.6 (Debian bookworm) and 3.2 (Debian forky)
# source:   management guide of HAProxy, section 9.3: unless told otherwise a socket takes one line, answers, and closes the
#           connection after the end of the response; section 9.4: the master CLI gives access to these commands
# expected: a client that reads to the end gets the answer of the master, as it gets that of the worker
# seen:     the worker closes at once; the master has answered and leaves the connection open, with `@1` and without, until
#           the client closes its side
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
import { connect } from "node:net";
const [worker, master] = process.argv.slice(2);
const ask = (socket, line, closesSide) => new Promise((resolve) => {
  let said = "";
  const connection = connect({ path: socket, allowHalfOpen: true }, () => connection[closesSide ? "end" : "write"](`${line}\n`));
  const outcome = (how) => { clearTimeout(late); connection.destroy(); resolve(`${said === "" ? "silent" : "answered"}, ${how}`); };
  const late = setTimeout(outcome, 3_000, "open after 3 s");
  connection.on("data", (bytes) => (said += bytes));
  connection.on("error", ({ code }) => outcome(code));
  connection.on("end", () => outcome("closed"));
});
for (let tries = 0; tries < 100; tries++) {
  if ((await ask(master, "@1 show version", true)) === "answered, closed") break;
  await new Promise((resolve) => setTimeout(resolve, 100));
}
const seen = [
  await ask(worker, "show version", false),
  await ask(master, "show version", false),
  await ask(master, "@1 show version", false),
  await ask(master, "@1 show version", true),
];
console.log(`worker: ${seen[0]}; master: ${seen[1]}; with @1: ${seen[2]}; client's side closed: ${seen[3]}`);
JS
for suite in bookworm forky; do
  cat >"$dir/$suite.cfg" <<CFG
global
  stats socket $dir/$suite.admin level admin
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
backend be
  server s1 127.0.0.1:9001
CFG
  haproxy "$dir/$suite" -W -db -S "$dir/$suite.master" -f "$dir/$suite.cfg" >"$dir/$suite.log" 2>&1 &
  timeout 60 node "$dir/see.mjs" "$dir/$suite.admin" "$dir/$suite.master" >"$dir/$suite.seen"
  kill $!
  wait $! || true
  echo "version: $( (haproxy "$dir/$suite" -v) | sed -n '1s/ 20.*//p'); $(cat "$dir/$suite.seen")"
done
[ "$(cat "$dir/bookworm.seen" "$dir/forky.seen" | sort -u)" = "worker: answered, closed; master: answered, open after 3 s;\
 with @1: answered, open after 3 s; client's side closed: answered, closed" ]
