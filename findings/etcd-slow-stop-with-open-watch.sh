#!/usr/bin/env bash
# etcd 3.5.30: one open watch makes its end take seven seconds.
#
# version:  etcd 3.5.30 (Debian forky) and, for comparison, 3.5.16 (Debian trixie); packages etcd-server and etcd-client
# source:   pull request 8267 of etcd-io/etcd: to stop waits for requests under way and no longer than a request may take;
#           stopServers in server/embed/etcd.go
# expected: with nothing but an idle watch the process ends at once on SIGTERM, as 3.4.23 and 3.5.16 do
# seen:     3.5.16 ends within a second, 3.5.30 after 7 s; without the watch 3.5.30 ends within a second as well
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

serve() {
  "$dir/$suite/usr/bin/etcd" --data-dir "$dir/data-$1" --listen-client-urls "http://127.0.0.1:$client" \
    --advertise-client-urls "http://127.0.0.1:$client" --listen-peer-urls "http://127.0.0.1:$peer" \
    --initial-advertise-peer-urls "http://127.0.0.1:$peer" --initial-cluster "default=http://127.0.0.1:$peer" \
    >"$dir/etcd.log" 2>&1 &
}
ctl() { ETCDCTL_API=3 "$dir/$suite/usr/bin/etcdctl" --endpoints "127.0.0.1:$client" "$@"; }
up() { for _ in $(seq 100); do ctl get x >"$dir/up.log" 2>&1 && return; sleep 0.2; done; cat "$dir/up.log"; return 1; }

# Milliseconds from SIGTERM to the end, with so many open watches.
stopping() {
  local begun
  read -r client peer < <(node -e '
    const open = [0, 0].map(() => require("net").createServer().listen(0, "127.0.0.1"));
    setTimeout(() => { console.log(...open.map((s) => s.address().port)); open.forEach((s) => s.close()); }, 50);')
  serve "$suite-$1"
  etcd=$!
  up
  if [ "$1" -gt 0 ]; then
    ETCDCTL_API=3 "$dir/$suite/usr/bin/etcdctl" --endpoints "127.0.0.1:$client" watch key >"$dir/watched" 2>&1 &
    for _ in $(seq 50); do
      ctl put key x >"$dir/out"
      grep -q PUT "$dir/watched" && break
      sleep 0.2
    done
  fi
  begun=$(date +%s%3N)
  kill "$etcd"
  wait "$etcd" || true
  took=$(($(date +%s%3N) - begun))
}

for suite in trixie forky; do
  unpack "$suite" "$dir/$suite" alone etcd-server etcd-client
  stopping 0
  idle=$took
  stopping 1
  echo "version: etcd $("$dir/$suite/usr/bin/etcd" --version | sed -n 's/^etcd Version: //p');" \
    "end after $idle ms without a watch, after $took ms with one"
  [ "$suite" = trixie ] && before=$took
done
[ "$idle" -lt 3000 ] && [ "$before" -lt 3000 ] && [ "$took" -ge 6000 ]
