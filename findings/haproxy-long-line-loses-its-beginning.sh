#!/usr/bin/env bash
# HAProxy 3.2: of a long line to the master socket the beginning is dropped, and the rest is carried out.
#
# version:  HAProxy 3.2 (Debian forky); for comparison 2.6 (bookworm)
# source:   management guide of HAProxy, sections 9.3 and 9.4: several commands in one line, parted by semicolons, are
#           carried out one after another; the worker's own socket of 3.2 refuses a line that is larger than a buffer
# expected: all commands of the line, or a refusal
# seen:     of 800 commands (16 kB) 2.6 answers 800; 3.2 answers some at the end of the line alone, and prints its list of
#           commands in the place of the others
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

cat >"$dir/haproxy.cfg" <<CFG
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
frontend web
  bind unix@$dir/web.sock
backend be
  server s1 127.0.0.1:80
CFG
cat >"$dir/see.mjs" <<'JS'
import { connect } from "node:net";
const ask = (socket, line) => new Promise((resolve) => {
  let said = "";
  const connection = connect(socket, () => connection.end(`${line}\n`));
  connection.on("data", (bytes) => (said += bytes));
  connection.on("error", ({ code }) => resolve(code));
  connection.on("close", () => resolve(said));
  setTimeout(() => connection.destroy(), 2_000).unref(); // not every question of that time is answered
});
const [socket] = process.argv.slice(2);
for (let tries = 0; tries < 100; tries++) {
  if (/^\d+\.\d+/.test(await ask(socket, "@1 show version"))) break;
  await new Promise((resolve) => setTimeout(resolve, 100));
}
const answer = await ask(socket, Array.from({ length: 800 }, () => "@1 get weight be/s1").join(";"));
console.log((answer.match(/^1 \(initial 1\)$/gm) ?? []).length);
JS
declare -A answered
for suite in bookworm forky; do
  rm -f "$dir/web.sock"
  haproxy "$dir/$suite" -W -db -S "$dir/$suite.sock" -f "$dir/haproxy.cfg" >"$dir/$suite.log" 2>&1 &
  answered[$suite]=$(timeout 30 node "$dir/see.mjs" "$dir/$suite.sock")
  kill $!
  wait $! || true
  echo "version: $( (haproxy "$dir/$suite" -v) | sed -n '1s/ 20.*//p'); answered: ${answered[$suite]} of 800"
done
[ "${answered[bookworm]}" = 800 ] && [ "${answered[forky]}" -gt 0 ] && [ "${answered[forky]}" -lt 100 ]
