#!/usr/bin/env bash
# HAProxy before 3.2: `haproxy -W -c` passes a file with which nothing listens, `haproxy -c` does not.
#
# version:  HAProxy 2.6 (Debian bookworm) and 3.0 (trixie); for comparison 3.2 (forky)
# source:   management guide of HAProxy, section 3: the exit status of -c is zero if everything is OK; -W is a mode of
#           running and not of checking
# expected: the same exit status with -W and without
# seen:     a file without a bind: 2.6 and 3.0 exit 2 without -W and 0 with it, 3.2 exits 2 both ways
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
for suite in bookworm trixie forky; do unpack "$suite" "$dir/$suite" whole haproxy; done

cat >"$dir/haproxy.cfg" <<'CFG'
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
backend web
  server s 127.0.0.1:80
CFG
seen=
for suite in bookworm trixie forky; do
  plain=0
  (haproxy "$dir/$suite" -c -f "$dir/haproxy.cfg") >"$dir/out" 2>&1 || plain=$?
  worker=0
  (haproxy "$dir/$suite" -W -c -f "$dir/haproxy.cfg") >"$dir/out" 2>&1 || worker=$?
  echo "version: $( (haproxy "$dir/$suite" -v) | sed -n '1s/ 20.*//p'); exit status of -c: $plain, of -W -c: $worker"
  seen="$seen $plain,$worker"
done
[ "$seen" = " 2,0 2,0 2,2" ]
