#!/usr/bin/env bash
# etcd: one that is full refuses to delete in a transaction that has a put anywhere.
#
# version:  etcd of this machine (3.4.23 in Debian bookworm) with its etcdctl
# source:   etcd's guide to maintenance, "Space quota": the alarm puts the cluster into a maintenance mode which only
#           accepts key reads and deletes
# expected: a transaction that deletes is carried out while the alarm is on, if what it deletes is all that it does
# seen:     it is refused as a whole when a put is in it, also in the branch that is not taken; without one it is not
set -euo pipefail

dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
etcd=$(command -v etcd) && etcdctl=$(command -v etcdctl) || {
  (cd "$dir" && apt-get download -qq etcd-server etcd-client && for deb in *.deb; do dpkg-deb --extract "$deb" .; done)
  etcd=$dir/usr/bin/etcd etcdctl=$dir/usr/bin/etcdctl
}
read -r client peer < <(node -e '
  const open = [0, 0].map(() => require("net").createServer().listen(0, "127.0.0.1"));
  setTimeout(() => { console.log(...open.map((s) => s.address().port)); open.forEach((s) => s.close()); }, 50);')
"$etcd" --data-dir "$dir/data" --listen-client-urls "http://127.0.0.1:$client" --quota-backend-bytes 4194304 \
  --advertise-client-urls "http://127.0.0.1:$client" --listen-peer-urls "http://127.0.0.1:$peer" \
  --initial-advertise-peer-urls "http://127.0.0.1:$peer" --initial-cluster "default=http://127.0.0.1:$peer" \
  >"$dir/etcd.log" 2>&1 &
echo "version: $("$etcd" --version | sed -n 1p)"
ctl() { ETCDCTL_API=3 "$etcdctl" --endpoints "127.0.0.1:$client" "$@"; }
until ctl put a 1 >/dev/null 2>&1; do sleep 0.2; done
ctl put b 1 >/dev/null
value=$(head -c 400000 /dev/zero | tr '\0' x)
for n in $(seq 40); do printf %s "$value" | ctl put "filling/$n" >/dev/null 2>&1 || break; done

outcome() { if [[ $(ctl txn 2>&1) == *"database space exceeded"* ]]; then echo refused; else echo done; fi; }
beside=$(printf 'value("a") = "1"\n\ndel a\nput c 1\n\n\n' | outcome)
untaken=$(printf 'value("a") = "1"\n\ndel a\n\nput c 1\n\n' | outcome)
alone=$(printf 'value("a") = "1"\n\ndel a\n\n\n' | outcome)
left=$(ctl get a --print-value-only)
echo "beside a put: $beside; with a put in the other branch: $untaken; alone: $alone; left: ${left:-nothing}"
[[ $beside == refused && $untaken == refused && $alone == done && -z $left ]]
