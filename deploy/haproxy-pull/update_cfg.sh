#!/bin/sh
# Fetches the configuration of this host, and puts it in the place of the one before if HAProxy accepts it.
# Exits 0 when there is a new one, which HAProxy is then to be told (docker kill -s USR2), 2 when it is the same as before,
# and 1 when nothing came or nothing that can be used; whatever is there stays then.
#
#   VIP             by what name the configuration is asked for
#   CFG_GET_URL     what stands before that name, such as http://127.0.0.1:9181/cfg/
#   CFG_TOKEN_FILE  file whose first line is the token that is sent along; none is where this is empty
#   CFG_CA          PEM file of the authority that has signed the renderer's certificate; those of the system when empty
#   STORAGE_DIR     where the configuration, the ones before it and what is being looked at are kept
#   KEEP_BACKUPS    how many of the ones before are kept
set -u
umask 077

STORAGE_DIR=${STORAGE_DIR:-/usr/local/haproxy/etc}
KEEP_BACKUPS=${KEEP_BACKUPS:-10}
VIP=${VIP:-}
CFG_GET_URL=${CFG_GET_URL:-}

say() { printf '[%s] %s\n' "$(date '+%Y-%m-%d %H:%M:%S')" "$*"; }
fail() {
  say "$*" >&2
  exit 1
}

case $VIP in
"" | .* | *[!A-Za-z0-9_.:-]*) fail "VIP must name this host's configuration: letters, digits and _ . : -" ;;
esac
[ -n "$CFG_GET_URL" ] || fail "CFG_GET_URL must say where to fetch it, such as http://127.0.0.1:9181/cfg/"

present=$STORAGE_DIR/$VIP.cfg
backups=$STORAGE_DIR/backup
stage=$STORAGE_DIR/temp/$VIP.$$
mkdir -p "$stage" "$backups" || exit 1
trap 'rm -rf "$stage"' EXIT
trap 'exit 1' HUP INT TERM
new=$stage/$VIP.cfg

# What curl is told comes by its standard input: other users of this machine see its arguments.
options() {
  printf 'url = "%s%s"\n' "$CFG_GET_URL" "$VIP"
  if [ -n "${CFG_CA:-}" ]; then printf 'cacert = "%s"\n' "$CFG_CA"; fi
  if [ -n "${CFG_TOKEN_FILE:-}" ]; then
    read -r token <"$CFG_TOKEN_FILE" || [ -n "$token" ] || return 1
    printf 'header = "Authorization: Bearer %s"\n' "$token"
  fi
}
settings=$(options) || fail "Cannot read the token in $CFG_TOKEN_FILE"
code=$(printf '%s\n' "$settings" | curl --silent --show-error --max-time 120 --retry 3 --output "$new" --write-out '%{http_code}' --config -)
[ "$code" = 200 ] || fail "Cannot fetch $CFG_GET_URL$VIP: status $code$([ "$code" = 000 ] || head -c 500 "$new" 2>/dev/null | sed '1s/^/, /')"
[ -s "$new" ] || fail "Cannot use what $CFG_GET_URL$VIP answers: it is empty"
if cmp -s "$new" "$present"; then
  say "$VIP: same, no need to update"
  exit 2
fi

# The maps that a configuration of HECD carries in its comments: `#hecd:map NAME`, and lines that begin with `#| `.
awk -v folder="$stage" -v own="$VIP.cfg" '
  $1 == "#hecd:map" {
    isMap = $2 ~ /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/ && $2 != own
    file = folder "/" $2
    if (isMap) printf "" >file
    next
  }
  isMap && /^#\| / { print substr($0, 4) >file; next }
  { isMap = 0 }
' "$new" || fail "Cannot write the maps of $VIP"

if ! said=$(haproxy -c -W -f "$new" 2>&1); then
  printf '%s\n' "$said" >&2
  fail "$VIP: HAProxy does not accept it, so the one before stays"
fi

if [ -e "$present" ]; then
  cp -p "$present" "$backups/${VIP}_$(date +%F-%H%M%S).cfg" || fail "Cannot keep a copy of $present"
  find "$backups" -name "${VIP}_[0-9][0-9][0-9][0-9]-*.cfg" | sort -r | tail -n "+$((KEEP_BACKUPS + 1))" | while read -r old; do rm -f "$old"; done
fi
for file in "$stage"/*; do
  [ "$file" = "$new" ] || mv -f "$file" "$STORAGE_DIR/" || fail "Cannot write to $STORAGE_DIR"
done
mv -f "$new" "$present" || fail "Cannot write $present"
say "$VIP: updated"
