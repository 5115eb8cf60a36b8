#!/usr/bin/env bash
# HAProxy 2.6 and Node 20: who comes to the runtime socket while HAProxy is busy is turned away at once, by TCP he waits.
#
# version:  HAProxy 2.6 (Debian bookworm), Node 20
# source:   configuration manual of HAProxy 2.6, bind option `backlog`: connections that are not accepted yet queue up;
#           connect(2) of Linux: EAGAIN for nonblocking sockets of the UNIX domain that cannot be connected at once
# expected: a client that comes while HAProxy does something else is kept waiting, at whichever address of the socket
# seen:     with the queue of the UNIX socket full each further connection fails with EAGAIN within milliseconds, and Node
#           tells that as an error of the connection; the same by TCP all wait, and are answered when HAProxy goes on
set -euo pipefail

dir=$(mktemp -d)
trap 'kill -KILL $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | sed -n 1p)
mkdir -p "$dir/apt/archives/partial" "$dir/apt/lists/partial" "$dir/root"
: >"$dir/apt/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main" >"$dir/apt/sources.list"
cat >"$dir/apt/apt.conf" <<CONF
$(apt-config dump Acquire)
Acquire::Languages "none";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Debug::NoLocking "true";
Dir::State "$dir/apt";
Dir::State::status "$dir/apt/status";
Dir::Cache "$dir/apt";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "$dir/apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
CONF
export APT_CONFIG=$dir/apt/apt.conf
apt-get update -qq
apt-get install -qq --yes --download-only haproxy >"$dir/apt/log"
unset APT_CONFIG
for deb in "$dir"/apt/archives/*.deb; do dpkg-deb --extract "$deb" "$dir/root"; done
libc=$(basename "$(dirname "$(find "$dir/root" -name libc.so.6)")")
loader=$(find "$dir/root" -type f -name 'ld-linux*.so.*' | sed -n 1p)
run=("$loader" --library-path "$dir/root/lib/$libc:$dir/root/usr/lib/$libc" "$dir/root/usr/sbin/haproxy")
echo "version: $("${run[@]}" -v | sed -n '1s/ 20.*//p'), Node $(node --version)"

port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
cat >"$dir/haproxy.cfg" <<CFG
global
  stats socket $dir/unix.sock level admin backlog 2
  stats socket ipv4@127.0.0.1:$port level admin backlog 2
CFG
"${run[@]}" -db -f "$dir/haproxy.cfg" >"$dir/log" 2>&1 &
haproxy=$!

cat >"$dir/see.mjs" <<'JS'
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
const [path, port, pid] = process.argv.slice(2);
const ask = (where) => new Promise((resolve) => {
  const begun = performance.now();
  let said = "";
  const connection = connect(where, () => connection.end("show version\n"));
  connection.on("data", (bytes) => (said += bytes));
  connection.on("error", ({ code }) => resolve({ code, ms: performance.now() - begun }));
  connection.on("close", () => resolve({ code: said === "" ? "nothing" : "answered", ms: performance.now() - begun }));
});
for (let tries = 0; tries < 100 && (await ask(path)).code !== "answered"; tries++) await pause(50);
const seen = {};
for (const [name, where] of [["UNIX", path], ["TCP", { host: "127.0.0.1", port: Number(port) }]]) {
  process.kill(Number(pid), "SIGSTOP"); // as if it were busy
  const asked = Promise.all(Array.from({ length: 8 }, () => ask(where)));
  await pause(500);
  process.kill(Number(pid), "SIGCONT");
  const answers = await asked;
  const away = answers.filter(({ code }) => code === "EAGAIN");
  const answered = answers.filter(({ code }) => code === "answered");
  seen[name] = { away: away.length, answered: answered.length, inMs: Math.max(0, ...away.map(({ ms }) => ms)) };
  console.log(`${name}: of 8 that came meanwhile ${answered.length} were answered, ${away.length} turned away with EAGAIN` +
    (away.length > 0 ? ` within ${Math.ceil(seen[name].inMs)} ms` : ""));
}
const isSo = seen.UNIX.away > 0 && seen.UNIX.inMs < 400 && seen.UNIX.away + seen.UNIX.answered === 8 && seen.TCP.answered === 8;
process.exit(isSo ? 0 : 1);
JS
timeout 60 node "$dir/see.mjs" "$dir/unix.sock" "$port" "$haproxy"
