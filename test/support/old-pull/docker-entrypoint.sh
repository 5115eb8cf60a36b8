#!/bin/bash
set -e
if [ "${1#-}" != "$1" ]; then
  set -- haproxy "$@"
fi
if [ "$1" = haproxy ]; then
  if [ -z "$VIP" ]; then
    echo "VIP must be set"
    exit 1
  fi
  shift
  bash /opt/update_cfg.sh || true
  ln -sf /usr/local/haproxy/etc/$VIP.cfg /etc/haproxy.cfg
  haproxy -W -c -f /etc/haproxy.cfg
  set -- haproxy -W -db "$@"
fi
exec "$@"
