#!/bin/sh
# Fetches the configuration, and starts HAProxy with it; with the last good one where that cannot be had now. With PULL_EVERY,
# such as 30, it is fetched again every so many seconds, and HAProxy reloads each new one by itself.
set -u
update=${UPDATE_CFG:-/opt/update_cfg.sh}
STORAGE_DIR=${STORAGE_DIR:-/usr/local/haproxy/etc}

case ${1:-haproxy} in
haproxy) [ $# -eq 0 ] || shift ;;
-*) ;;
*) exec "$@" ;;
esac

"$update"
case $? in
0 | 2) ;;
*)
  [ -s "$STORAGE_DIR/${VIP:-}.cfg" ] || exit 1
  echo "Starting with the last good configuration of $VIP" >&2
  ;;
esac
config=$STORAGE_DIR/$VIP.cfg
haproxy -c -W -f "$config" || exit 1

if [ "${PULL_EVERY:-0}" != 0 ]; then
  # This process becomes HAProxy's master, by the same number.
  while sleep "$PULL_EVERY"; do if "$update"; then kill -USR2 $$; fi; done &
fi
# By the path of the file itself: what it names without a folder is looked for beside it.
exec haproxy -W -db -f "$config" "$@"
