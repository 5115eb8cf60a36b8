#!/usr/bin/env bash
# Docker 20.10: on the event of a pause the list still says that the container runs, and its inspection says paused.
#
# version:  Docker 20.10.24 (Debian bookworm, package docker.io), in a network namespace and a data folder of its own
# needs:    root, iptables, iproute2 and util-linux of this machine; cgroups as Docker 20.10 can use them
# source:   API reference of Docker: ContainerList has the State of each container, SystemEvents tells of `pause` when it has
#           happened; containerPause in daemon/pause.go of moby/moby, which writes the checkpoint that a list reads
# expected: a list that is asked for after the event shows the container paused
# seen:     nearly every list asked for at once on the event says "running", and every inspection "paused"
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

docker run --detach --network none --name one finding /bin/busybox sleep 600 >"$dir/out"
cat >"$dir/see.mjs" <<'JS'
import { get, request } from "node:http";
const [socketPath] = process.argv.slice(2);
const read = (path) => new Promise((resolve, reject) => {
  get({ socketPath, path }, (response) => {
    let text = "";
    response.on("data", (bytes) => (text += bytes));
    response.on("end", () => resolve(JSON.parse(text)));
  }).on("error", reject);
});
const order = (path) => new Promise((resolve, reject) => {
  request({ socketPath, path, method: "POST" }, (response) => response.on("end", resolve).resume()).on("error", reject).end();
});
let onPause = () => undefined;
get({ socketPath, path: `/events?filters=${encodeURIComponent('{"event":["pause"]}')}` }, (response) => {
  response.on("data", (bytes) => bytes.includes("\n") && onPause());
});
await new Promise((resolve) => setTimeout(resolve, 500));
const lists = {};
const inspections = {};
for (let round = 0; round < 30; round++) {
  const paused = new Promise((resolve) => (onPause = resolve));
  const done = order("/containers/one/pause");
  await paused;
  const [[listed], inspected] = await Promise.all([read("/containers/json"), read("/containers/one/json")]);
  lists[listed.State] = (lists[listed.State] ?? 0) + 1;
  inspections[inspected.State.Status] = (inspections[inspected.State.Status] ?? 0) + 1;
  await done;
  await order("/containers/one/unpause");
  await new Promise((resolve) => setTimeout(resolve, 200)); // for containerd's own word of it
}
console.log(`of 30 pauses: lists ${JSON.stringify(lists)}, inspections ${JSON.stringify(inspections)}`);
process.exit(lists.running > 0 && inspections.paused === 30 ? 0 : 1);
JS
seen=0
timeout 120 node "$dir/see.mjs" "$dir/docker.sock" || seen=$?
docker rm --force one >"$dir/out"
exit "$seen"
