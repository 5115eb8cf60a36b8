#!/usr/bin/env bash
# HAProxy: a TLS server added at run time is checked in the clear, one of the file with the same words by TLS.
#
# version:  HAProxy 2.6 (Debian bookworm) and 3.2 (Debian forky)
# source:   management guide of HAProxy, `add server`: words of the file say how the server behaves; that checks are an
#           exception stands in a note of the configuration manual, at `check`
# expected: the same words make the same checks, or the command is refused
# seen:     `ssl verify none check`: the checks of the server of the file begin with a TLS greeting, those of the added one
#           with the letters of the HTTP request; with `check-ssl` besides they begin with a TLS greeting as well
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
import { connect, createServer } from "node:net";
const [socket, port] = process.argv.slice(2);
const ask = (socket, line) => new Promise((resolve) => {
  let said = "";
  const connection = connect(socket, () => connection.end(`${line}\n`));
  connection.on("data", (bytes) => (said += bytes));
  connection.on("error", ({ code }) => resolve(code));
  connection.on("close", () => resolve(said));
});
const origin = (first) => new Promise((resolve) => {
  const server = createServer((client) => {
    client.on("error", () => undefined);
    client.once("data", (bytes) => {
      client.destroy();
      first(bytes[0] === 22 ? "TLS" : bytes.toString("latin1").split(" ")[0]);
    });
  });
  server.listen(Number(port), "127.0.0.1", () => resolve(server));
});
const next = async (act) => {
  let server;
  const greeting = await new Promise(async (resolve) => { server = await origin(resolve); await act(); });
  await new Promise((resolve) => server.close(resolve));
  return greeting;
};
for (let tries = 0; tries < 100 && !(await ask(socket, "show servers state")).includes("be"); tries++)
  await new Promise((resolve) => setTimeout(resolve, 100));
const inFile = await next(async () => undefined);
await ask(socket, "set server be/file state maint");
const add = (name, words) => async () => {
  await ask(socket, `add server be/${name} 127.0.0.1:${port} ${words} inter 500ms;enable health be/${name};enable server be/${name}`);
};
const added = await next(add("a1", "ssl verify none check"));
await ask(socket, "set server be/a1 state maint");
const explicit = await next(add("a2", "ssl verify none check check-ssl"));
console.log(`${inFile} ${added} ${explicit}`);
process.exit(0);
JS
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
for suite in bookworm forky; do
  cat >"$dir/$suite.cfg" <<CFG
global
  stats socket $dir/$suite.sock level admin
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
backend be
  option httpchk
  server file 127.0.0.1:$port ssl verify none check inter 500ms
CFG
  haproxy "$dir/$suite" -db -f "$dir/$suite.cfg" >"$dir/$suite.log" 2>&1 &
  timeout 60 node "$dir/see.mjs" "$dir/$suite.sock" "$port" >"$dir/$suite.seen"
  kill $!
  wait $! || true
  echo "version: $( (haproxy "$dir/$suite" -v) | sed -n '1s/ 20.*//p'); checks of the server of the file, an added one," \
    "one with check-ssl begin with: $(cat "$dir/$suite.seen")"
done
[ "$(cat "$dir/bookworm.seen" "$dir/forky.seen" | sort -u)" = "TLS OPTIONS TLS" ]
