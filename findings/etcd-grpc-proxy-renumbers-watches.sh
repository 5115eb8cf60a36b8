#!/usr/bin/env bash
# etcd grpc-proxy: a watch gets another number than the one its client asked for.
#
# version:  etcd of this machine (3.4.23 in Debian bookworm) with its grpc-proxy, asked by etcd3 1.1.2 (npm)
# source:   rpc.proto of etcd, WatchCreateRequest.watch_id: a number that is given and free is taken; issue 12819 of
#           etcd-io/etcd
# expected: a watch that asks for number 7 is number 7, in the answer that opens it and in its events
# seen:     so it is of etcd itself; through `etcd grpc-proxy start` it is number 0 in both, without a complaint
set -euo pipefail

dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" etcd3@1.1.2
etcd=$(command -v etcd) || {
  (cd "$dir" && apt-get download -qq etcd-server && dpkg-deb --extract etcd-server_*.deb .)
  etcd=$dir/usr/bin/etcd
}
read -r client peer between < <(node -e '
  const open = [0, 0, 0].map(() => require("net").createServer().listen(0, "127.0.0.1"));
  setTimeout(() => { console.log(...open.map((s) => s.address().port)); open.forEach((s) => s.close()); }, 50);')
"$etcd" --data-dir "$dir/data" --listen-client-urls "http://127.0.0.1:$client" \
  --advertise-client-urls "http://127.0.0.1:$client" --listen-peer-urls "http://127.0.0.1:$peer" \
  --initial-advertise-peer-urls "http://127.0.0.1:$peer" --initial-cluster "default=http://127.0.0.1:$peer" \
  >"$dir/etcd.log" 2>&1 &
"$etcd" grpc-proxy start --endpoints "127.0.0.1:$client" --listen-addr "127.0.0.1:$between" \
  --advertise-client-url "127.0.0.1:$between" >"$dir/proxy.log" 2>&1 &
echo "version: etcd3 1.1.2, $("$etcd" --version | sed -n 1p), Node $(node --version)"

cat >"$dir/see.mjs" <<'JS'
import { setTimeout as pause } from "node:timers/promises";
import { Etcd3 } from "etcd3";
const numbersAt = async (port) => {
  const etcd = new Etcd3({ hosts: `127.0.0.1:${port}` });
  for (let up; !up; ) up = await etcd.put("key").value("x").catch(() => pause(200));
  const stream = await etcd.watchClient.watch();
  const answers = [];
  stream.on("data", (answer) => answers.push(answer));
  stream.write({ create_request: { key: Buffer.from("key"), watch_id: 7 } });
  while (!answers.some(({ created }) => created)) await pause(50);
  while (!answers.some(({ events }) => events.length > 0)) {
    await etcd.put("key").value("y");
    await pause(200);
  }
  const opened = answers.find(({ created }) => created).watch_id;
  const event = answers.find(({ events }) => events.length > 0).watch_id;
  return `${opened} and ${event}`;
};
const [itself, proxied] = [await numbersAt(process.argv[2]), await numbersAt(process.argv[3])];
console.log(`asked for 7; etcd itself: ${itself}; through its proxy: ${proxied}`);
process.exit(itself === "7 and 7" && proxied === "0 and 0" ? 0 : 1);
JS
timeout 60 node "$dir/see.mjs" "$client" "$between"
