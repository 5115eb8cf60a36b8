#!/usr/bin/env bash
# Docker 20.10: an inspection of a container that is being started is answered when the start is over, however long it takes.
#
# version:  Docker 20.10.24 (Debian bookworm, package docker.io), in a network namespace and a data folder of its own
# needs:    root, iptables, iproute2 and util-linux of this machine; cgroups as Docker 20.10 can use them
# source:   API reference of Docker: ContainerInspect returns low-level information about a container, with a State that
#           may be "created"; containerStart in daemon/start.go of moby/moby, which holds the lock of the container
# expected: the inspection of a container that is not running yet says "created" at once, as a list does
# seen:     of ten that are started together each inspection waits for its start, while a list, and the inspection of a
#           container at rest, are answered meanwhile; whoever follows a busy engine by inspections is blind for that time
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

docker run --detach --network none --name rest finding /bin/busybox sleep 600 >"$dir/out"
for one in $(seq 10); do docker create --network none --name "c$one" finding /bin/busybox sleep 600 >"$dir/out"; done
cat >"$dir/see.mjs" <<'JS'
import { request } from "node:http";
const [socketPath] = process.argv.slice(2);
const timed = async (path, method = "GET") => {
  const begun = performance.now();
  const text = await new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, method }, (response) => {
      let all = "";
      response.on("data", (bytes) => (all += bytes)).on("end", () => resolve(all));
    });
    asked.on("error", reject).end();
  });
  return { text, endedAt: performance.now(), ms: performance.now() - begun };
};
const names = Array.from({ length: 10 }, (_, index) => `c${index + 1}`);
const starts = names.map((name) => timed(`/containers/${name}/start`, "POST"));
await new Promise((resolve) => setTimeout(resolve, 100)); // each start has been taken up
const inspections = names.map((name) => timed(`/containers/${name}/json`));
const others = [await timed("/containers/json?all=1"), await timed("/containers/rest/json")];
const [started, inspected] = [await Promise.all(starts), await Promise.all(inspections)];
// Whose start was not over when it was asked after, by its answer: `running` is the answer after a start.
const waited = inspected.filter(({ text, endedAt }, index) =>
  JSON.parse(text).State.Status === "running" && endedAt >= started[index].endedAt - 50);
const longest = Math.max(...inspected.map(({ ms }) => ms));
const meanwhile = Math.max(...others.map(({ ms }) => ms));
console.log(`${waited.length} of 10 inspections were answered after the start only, the longest after ${Math.round(longest)} ms; ` +
  `a list and the inspection of a container at rest took at most ${Math.round(meanwhile)} ms`);
process.exit(waited.length >= 5 && longest > 3 * meanwhile ? 0 : 1);
JS
seen=0
timeout 120 node "$dir/see.mjs" "$dir/docker.sock" || seen=$?
docker rm --force rest $(seq -f 'c%g' 10) >"$dir/out"
exit "$seen"
