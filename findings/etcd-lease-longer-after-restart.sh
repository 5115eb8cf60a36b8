#!/usr/bin/env bash
# etcd: after a restart a lease has more time left than was ever granted.
#
# version:  etcd 3.4.23 (Debian bookworm) and 3.5.30 (Debian forky), packages etcd-server and etcd-client
# source:   the failure guide of etcd (op-guide/failures) says that a new leader extends the timeouts of all leases;
#           issue 9395 of etcd-io/etcd asks by how much, and pull request 4778 why; Promote in lease/lessor.go
# expected: of a lease of 10 s about 4 s are left after 6 s, less what the restart took; at the very most 10 s
# seen:     14 s with an election timeout of 5 s: the whole lease begins anew, and the timeout is added to it
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
  # Members far apart are run with times like these.
  "$dir/$suite/usr/bin/etcd" --heartbeat-interval 500 --election-timeout 5000 --data-dir "$dir/data-$1" --listen-client-urls "http://127.0.0.1:$client" \
    --advertise-client-urls "http://127.0.0.1:$client" --listen-peer-urls "http://127.0.0.1:$peer" \
    --initial-advertise-peer-urls "http://127.0.0.1:$peer" --initial-cluster "default=http://127.0.0.1:$peer" \
    >"$dir/etcd.log" 2>&1 &
}
ctl() { ETCDCTL_API=3 "$dir/$suite/usr/bin/etcdctl" --endpoints "127.0.0.1:$client" "$@"; }
up() { for _ in $(seq 100); do ctl get x >"$dir/up.log" 2>&1 && return; sleep 0.2; done; cat "$dir/up.log"; return 1; }

status=0
for suite in bookworm forky; do
  unpack "$suite" "$dir/$suite" alone etcd-server etcd-client
  read -r client peer < <(node -e '
    const open = [0, 0].map(() => require("net").createServer().listen(0, "127.0.0.1"));
    setTimeout(() => { console.log(...open.map((s) => s.address().port)); open.forEach((s) => s.close()); }, 50);')
  serve "$suite"
  etcd=$!
  up
  version=$("$dir/$suite/usr/bin/etcd" --version | sed -n 's/^etcd Version: //p')
  lease=$(ctl lease grant 10 | sed -E 's/^lease ([0-9a-f]+) .*/\1/')
  sleep 6
  before=$(ctl lease timetolive "$lease" | sed -E 's/.*remaining\((-?[0-9]+)s\).*/\1/')
  kill "$etcd"
  wait "$etcd" || true
  serve "$suite"
  etcd=$!
  up
  after=$(ctl lease timetolive "$lease" | sed -E 's/.*remaining\((-?[0-9]+)s\).*/\1/')
  kill "$etcd"
  wait "$etcd" || true
  echo "version: etcd $version; granted 10 s, left after 6 s: $before s, after the restart: $after s"
  [ "$before" -le 5 ] && [ "$after" -gt 10 ] || status=1
done
exit "$status"
