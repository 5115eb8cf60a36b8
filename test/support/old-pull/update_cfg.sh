#!/bin/bash
# What was wrong: the new file is copied over the present one, which HAProxy may read half of; copies pile up for ever; a
# name or an address is put into commands as it comes; and nobody looks what became of the reload.
STORAGE_DIR=${STORAGE_DIR:-/usr/local/haproxy/etc}
CFG_GET_URL=${CFG_GET_URL:-http://your_haproxy_download_svr/haproxy/}

log() {
  echo "[$(date '+%Y-%m-%d %H:%M:%S')] $1"
}

[ -z $VIP ] && log "VIP is not set" && exit 1
mkdir -p $STORAGE_DIR/temp $STORAGE_DIR/backup
present=$STORAGE_DIR/$VIP.cfg
fetched=$STORAGE_DIR/temp/$VIP.cfg

download() {
  code=$(curl -s --max-time 120 --retry 3 -w %{http_code} -o $fetched $CFG_GET_URL$VIP)
  if [ "$code" != 200 ]; then
    log "download failed: $code"
    return 1
  fi
  log "download ok"
}

compare() {
  if [ ! -f $present ]; then
    log "first release"
    return 0
  fi
  new=$(md5sum $fetched | awk '{print $1}')
  old=$(md5sum $present | awk '{print $1}')
  if [ "$new" = "$old" ]; then
    log "same, no need update"
    return 2
  fi
}

check() {
  if haproxy -c -W -f $fetched; then
    log "config is valid"
    return 0
  fi
  log "config is invalid"
  return 1
}

cover() {
  if [ -f $present ]; then
    cp -a $present $STORAGE_DIR/backup/${VIP}_$(date +%F-%H%M%S).cfg
    log "backup ok"
  fi
  cp -a $fetched $present
  log "cover ok"
}

main() {
  download || return 1
  compare || return $?
  check || return 1
  cover
  log "updated"
}

main
exit $?
