#!/usr/bin/env bash
# HAProxy 3.2: the master shows a worker that cannot be asked yet, and says `Success=0` before anything has failed.
#
# version:  HAProxy 3.2 (Debian forky); for comparison 2.6 (bookworm)
# source:   management guide of HAProxy, section 9.4.1: `show proc` lists the processes, `@1` leads to the present worker,
#           and `reload` answers by a status once the reload was performed, `Success=0` for a file that has a fault
# expected: a worker that is shown can be asked; `Success=0` says that a configuration could not be loaded
# seen:     while a large file is read `show proc` has the worker, `@1` knows no such process, and `reload` is answered
#           `Success=0` with the words that another reload is in progress; then all is well. 2.6 has no socket until then
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
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
const [dir, suite] = process.argv.slice(2);
const ask = (socket, line) => new Promise((resolve) => {
  let said = "";
  const connection = connect(socket, () => connection.end(`${line}\n`));
  connection.on("data", (bytes) => (said += bytes));
  connection.on("error", ({ code }) => resolve(code));
  connection.on("close", () => resolve(said));
  setTimeout(() => connection.destroy(), 2_000).unref(); // not every question of that time is answered
});
const seen = { early: "", worker: "", reload: "" };
for (let tries = 0; tries < 3000; tries++) {
  const processes = await ask(`${dir}/${suite}.sock`, "show proc");
  const worker = await ask(`${dir}/${suite}.sock`, "@1 show version");
  if (/^\d+\.\d+/.test(worker)) break;
  if (!processes.includes("worker ")) continue;
  if (!worker.startsWith("Can't find")) continue;
  const reload = await ask(`${dir}/${suite}.sock`, "reload");
  if (!reload.startsWith("Success=0")) {
    console.log("the worker was ready before `reload`: another try");
    process.exit();
  }
  Object.assign(seen, { early: "shown", worker: worker.trim(), reload: reload.replace(/\s+/g, " ").trim() });
  break;
}
let later = "";
for (let tries = 0; tries < 600 && !/^\d+\.\d+/.test(later); tries++) {
  later = await ask(`${dir}/${suite}.sock`, "@1 show version");
  await new Promise((resolve) => setTimeout(resolve, 100));
}
console.log(`worker while loading: ${seen.early || "never shown"}; @1: ${seen.worker || "-"}; ` +
  `reload: ${seen.reload || "-"}; @1 later: ${later.trim()}`);
writeFileSync(`${dir}/${suite}.seen`, seen.reload);
JS
{
  printf 'defaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n'
  printf 'frontend web\n  bind unix@%s/web.sock\n' "$dir"
  node -e 'for (let b = 0; b < 600; b++) { console.log(`backend b${b}`);
    for (let s = 0; s < 100; s++) console.log(`  server s${s} 127.0.0.1:${10000 + s}`); }'
} >"$dir/haproxy.cfg"
for suite in bookworm forky; do
  echo "version: $( (haproxy "$dir/$suite" -v) | sed -n '1s/ 20.*//p')"
  # A worker may be ready between two questions.
  for _ in 1 2 3; do
    rm -f "$dir/web.sock" "$dir/$suite.sock"
    haproxy "$dir/$suite" -W -db -S "$dir/$suite.sock" -f "$dir/haproxy.cfg" >"$dir/$suite.log" 2>&1 &
    timeout 90 node "$dir/see.mjs" "$dir" "$suite"
    kill $! || true
    wait $! || true
    if [ "$suite" = bookworm ] || [ -s "$dir/$suite.seen" ]; then break; fi
  done
done
[ ! -s "$dir/bookworm.seen" ] && grep -q "Success=0.*in progress" "$dir/forky.seen"
