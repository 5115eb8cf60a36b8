#!/usr/bin/env bash
# Docker 20.10: one random port number can lead to two containers, to one by IPv4 and to the other by IPv6.
#
# version:  Docker 20.10.24 (Debian bookworm, package docker.io), in a network namespace and a data folder of its own
# needs:    root, iptables, iproute2 and util-linux of this machine; cgroups as Docker 20.10 can use them
# source:   issue 42442 of moby/moby and issue 2639 of moby/libnetwork; Docker's documentation of `docker port` shows one
#           number for 0.0.0.0 and [::]
# expected: the two numbers of a container are the same, and a number belongs to one container
# seen:     while another program has one port of the range for IPv6 alone, the numbers of the next containers part, and
#           stay apart for later ones when the port is free again: the IPv4 number of one is the IPv6 number of another
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
  for _ in $(seq 150); do docker version >"$dir/out" 2>&1 && return; sleep 0.2; done
  tail "$dir/log"
  return 1
}
engine
echo "version: Docker $(docker version --format '{{.Server.Version}}')"
mkdir -p "$dir/image/bin"
cp "$dir/docker/bin/busybox" "$dir/image/bin/busybox"
tar --directory "$dir/image" --create . | docker import - finding >"$dir/out"

docker run --detach --publish 8080 --name first finding /bin/busybox sleep 600 >"$dir/out"
next=$(($(docker port first 8080 | sed -n '1s/.*://p') + 1))
"${apart[@]}" node -e 'require("net").createServer().listen({ host: "::", port: Number(process.argv[1]), ipv6Only: true },
  () => console.log("taken"));' "$next" >"$dir/taken" &
other=$!
until grep -q taken "$dir/taken"; do sleep 0.1; done
docker run --detach --publish 8080 --name second finding /bin/busybox sleep 600 >"$dir/out"
kill "$other"
wait "$other" || true
docker run --detach --publish 8080 --name third finding /bin/busybox sleep 600 >"$dir/out"
for name in first second third; do
  docker port "$name" 8080 | sort | xargs echo "$name:"
done | tee "$dir/ports"
docker rm --force first second third >"$dir/out"
read -r second6 third4 < <(sed -n -e 's/^second: .*:::\([0-9]*\).*/\1/p;s/^second: .*\[::\]:\([0-9]*\).*/\1/p' \
  -e 's/^third: 0.0.0.0:\([0-9]*\).*/\1/p' "$dir/ports" | xargs)
echo "port $second6 by IPv6 is of the second container, port $third4 by IPv4 of the third"
[ -n "$second6" ] && [ "$second6" = "$third4" ]
