#!/usr/bin/env bash
# etcd 3.4.23: a deletion at the revision of a compaction is never told, although the watch is accepted.
#
# version:  etcd 3.4.23 (Debian bookworm) and, for comparison, 3.5.16 (Debian trixie); packages etcd-server, etcd-client
# source:   the API reference of etcd: a compaction removes superseded keys of revisions less than its own; issue 18089 and
#           pull request 18274 of etcd-io/etcd (fixed later in 3.4, and in 3.5 before 3.5.16)
# expected: a watch from the revision of the compaction on tells of the deletion made in that revision, or is refused
# seen:     3.4.23 accepts it and tells only what comes later; 3.5.16 tells of the deletion
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

for suite in bookworm trixie; do
  unpack "$suite" "$dir/$suite" alone etcd-server etcd-client
  read -r client peer < <(node -e '
    const open = [0, 0].map(() => require("net").createServer().listen(0, "127.0.0.1"));
    setTimeout(() => { console.log(...open.map((s) => s.address().port)); open.forEach((s) => s.close()); }, 50);')
  serve "$suite"
  etcd=$!
  up
  version=$("$dir/$suite/usr/bin/etcd" --version | sed -n 's/^etcd Version: //p')
  ctl put key first >"$dir/out"
  revision=$(ctl del key -w json | sed -E 's/.*"revision":([0-9]+).*/\1/')
  ctl compact "$revision" --physical >"$dir/out"
  ETCDCTL_API=3 "$dir/$suite/usr/bin/etcdctl" --endpoints "127.0.0.1:$client" watch --rev "$revision" key \
    >"$dir/watched-$suite" 2>&1 &
  for _ in $(seq 50); do
    ctl put key later >"$dir/out"
    grep -q later "$dir/watched-$suite" && break
    sleep 0.2
  done
  echo "version: etcd $version; told from the compaction on: $(grep -E '^(PUT|DELETE)$' "$dir/watched-$suite" | sed -n '1,2p' | xargs)"
  kill "$etcd"
  wait "$etcd" || true
done
! grep -q DELETE "$dir/watched-bookworm" && grep -q PUT "$dir/watched-bookworm" && grep -q DELETE "$dir/watched-trixie"
