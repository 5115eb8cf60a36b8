#!/usr/bin/env bash
# HAProxy 3.0: a question in the same line as `set server ... addr` is answered with the old address.
#
# version:  HAProxy 3.0 (Debian trixie); for comparison 2.6 (bookworm)
# source:   management guide of HAProxy, section 9.3: the commands of a line are carried out in order; `set server addr`
#           answers that the address has changed
# expected: `show servers state` behind it in the line shows the new port
# seen:     2.6 does; 3.0 answers that the port has changed and then shows the old one, and the new one a moment later
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
import { connect } from "node:net";
const ask = (socket, line) => new Promise((resolve) => {
  let said = "";
  const connection = connect(socket, () => connection.end(`${line}\n`));
  connection.on("data", (bytes) => (said += bytes));
  connection.on("error", ({ code }) => resolve(code));
  connection.on("close", () => resolve(said));
});
const [socket] = process.argv.slice(2);
const portIn = (answer) => /^\d+ be \d+ s1 .* (900\d) /m.exec(answer)?.[1];
for (let tries = 0; tries < 100; tries++) {
  if (portIn(await ask(socket, "show servers state be"))) break;
  await new Promise((resolve) => setTimeout(resolve, 100));
}
const counts = { old: 0, new: 0, later: 0, said: 0 };
let port = 9001;
for (let round = 0; round < 20; round++) {
  const next = port === 9001 ? 9002 : 9001;
  const answer = await ask(socket, `set server be/s1 addr 127.0.0.1 port ${next};show servers state be`);
  if (answer.includes(`port changed from '${port}' to '${next}'`)) counts.said++;
  counts[portIn(answer) === String(next) ? "new" : "old"]++;
  await new Promise((resolve) => setTimeout(resolve, 100));
  if (portIn(await ask(socket, "show servers state be")) === String(next)) counts.later++;
  port = next;
}
console.log(`said to be changed ${counts.said}, shown new ${counts.new}, shown old ${counts.old}, new later ${counts.later}`);
JS
for suite in bookworm trixie; do
  cat >"$dir/$suite.cfg" <<CFG
global
  stats socket $dir/$suite.sock level admin
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
backend be
  server s1 127.0.0.1:9001
CFG
  haproxy "$dir/$suite" -db -f "$dir/$suite.cfg" >"$dir/$suite.log" 2>&1 &
  timeout 30 node "$dir/see.mjs" "$dir/$suite.sock" >"$dir/$suite.seen"
  kill $!
  wait $! || true
  echo "version: $( (haproxy "$dir/$suite" -v) | sed -n '1s/ 20.*//p'); of 20 moves: $(cat "$dir/$suite.seen")"
done
grep -q "changed 20, shown new 20" "$dir/bookworm.seen" && grep -q "changed 20.* shown old 20, new later 20" "$dir/trixie.seen"
