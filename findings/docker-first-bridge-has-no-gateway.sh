#!/usr/bin/env bash
# Docker 20.10: the default network has no Gateway in its description until the engine is started for the second time.
#
# version:  Docker 20.10.24 (Debian bookworm, package docker.io), in a network namespace and a data folder of its own
# needs:    root, iptables, iproute2 and util-linux of this machine; cgroups as Docker 20.10 can use them
# source:   issue 26799 of moby/moby, open since 2016; Docker's documentation of `docker network inspect`, whose example of
#           the network "bridge" has Subnet and Gateway
# expected: the same description after the first start of an engine as after the second
# seen:     Subnet alone after the first, Subnet and Gateway after the second; containers have the gateway both times
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

unpack bookworm "$dir/docker" alone docker.io containerd runc tini busybox-static
export PATH=$dir/docker/usr/sbin:$dir/docker/usr/bin:$PATH DOCKER_HOST=unix://$dir/docker.sock
# An engine of our own, in a network of its own, so that it touches nothing of this machine's.
unshare --net sleep infinity &
apart=(nsenter "--net=/proc/$!/ns/net")
until [ "$(readlink "/proc/$!/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
"${apart[@]}" ip link set lo up
engine() {
  "${apart[@]}" dockerd --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/pid" --host "$DOCKER_HOST" \
    >>"$dir/log" 2>&1 &
  dockerd=$!
  for _ in $(seq 150); do docker version >"$dir/out" 2>&1 && return; sleep 0.2; done
  tail "$dir/log"
  return 1
}
engine
echo "version: Docker $(docker version --format '{{.Server.Version}}')"

described() { docker network inspect bridge --format '{{json .IPAM.Config}}'; }
first=$(described)
kill "$dockerd"
wait "$dockerd" || true
engine
second=$(described)
echo "after the first start: $first; after the second: $second"
! grep -q Gateway <<<"$first" && grep -q Gateway <<<"$second"
