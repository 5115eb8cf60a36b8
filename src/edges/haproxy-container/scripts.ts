/**
 * What is run in a container, by the `sh` of its image and what any image with a shell has besides. Values are arguments or
 * variables, never a part of a script.
 */

/** Exit code where the folder of a file is missing. */
export const NO_FOLDER = 66;

/** Exit code where nobody listens on a socket. */
export const NOBODY_LISTENS = 75;

/**
 * Shows the file `$1`: its real path; its permissions and owner, or `-`; whether it is proven; the sums of what lies beside
 * it under `<its name>.`; an empty line; the file.
 */
export const SHOW_FILE = `
p=$(readlink -f "$1") && [ -n "$p" ] || p=$1
d=$(dirname "$p") n=$(basename "$p")
cd "$d" 2>/dev/null || exit ${NO_FOLDER}
echo "$p"
if [ -f "$p" ]; then stat -c '%a %u %g' "$p"; else echo -; fi
if [ -e ".$n.hecd-last-good" ]; then echo unproven; else echo proven; fi
for f in "$n".*; do if [ -f "$f" ]; then md5sum "$f"; fi; done
echo
if [ -f "$p" ]; then cat "$p"; fi`;

/** How many old versions of a file are kept in a container. */
export const KEPT_VERSIONS = 10;

/**
 * Puts a new file at `$1`. Keeps the present one as the last good, unless that is unproven itself, and as `$3` among the
 * dated ones where `$2` is `reload`; then carries out `mv FROM TO` and `rm FILE`, one after another.
 * What somebody who died an hour ago has left goes first.
 */
export const COMMIT = `
set -e
p=$1 change=$2 stamp=$3; shift 3
d=$(dirname "$p") n=$(basename "$p")
g="$d/.$n.hecd-last-good" b="$d/.hecd-backup"
find "$d" -maxdepth 1 -name ".$n[0-9]*" -mmin +60 -exec rm -f {} + 2>/dev/null || true
if [ ! -e "$g" ]; then
  if [ -f "$p" ]; then cp -p "$p" "$g.new"; else : >"$g.new"; fi
  if [ -f "$p" ]; then
    mkdir -p "$b"
    newest= count=0
    for f in "$b/$n".[0-9]*; do if [ -f "$f" ]; then newest=$f count=$((count + 1)); fi; done
    if [ "$count" = 0 ] && [ ! -e "$b/$n.original" ]; then cp -p "$p" "$b/$n.original"; fi
    if [ "$change" = reload ] && { [ -z "$newest" ] || ! cmp -s "$p" "$newest"; }; then
      cp -p "$p" "$b/$n.$stamp"
      for f in "$b/$n".[0-9]*; do
        [ "$count" -ge ${KEPT_VERSIONS} ] || break
        rm -f "$f"
        count=$((count - 1))
      done
    fi
  fi
  mv -f "$g.new" "$g"
fi
while [ $# -gt 0 ]; do
  case $1 in
  mv) mv -f "$2" "$3"; shift 3 ;;
  rm) rm -f "$2"; shift 2 ;;
  *) exit 64 ;;
  esac
done`;

/** Notes that the file `$1` is in use. */
export const CONFIRM = `rm -f "$(dirname "$1")/.$(basename "$1").hecd-last-good"`;

/** Shows the last good file of `$1`; nothing where there is none. */
export const LAST_GOOD = `
g="$(dirname "$1")/.$(basename "$1").hecd-last-good"
if [ -f "$g" ]; then cat "$g"; fi`;

/** Gives the file `$1` the permissions `$2` and the owner `$3`. */
export const AMEND = `chown "$3" "$1" && chmod "$2" "$1"`;

/** Shows the processes of a container, as the kernel does. */
export const PROCESSES = `
for f in /proc/[0-9]*/status; do cat "$f" 2>/dev/null && echo; done
exit 0`;

/** Names what can pass commands on to a socket of each kind, as `unix` and `tcp`. */
export const RELAYS = `
has() { command -v "$1" >/dev/null 2>&1; }
if has socat || has perl; then echo unix; fi
if has socat || has perl || has bash || nc 2>&1 | grep -q BusyBox; then echo tcp; fi
exit 0`;

const IN_PERL = `
$at = $ENV{HECD_SOCKET};
if ($at =~ m{^/}) { socket(S, PF_UNIX, SOCK_STREAM, 0) && connect(S, sockaddr_un($at)) or exit ${NOBODY_LISTENS} }
else {
  ($host, $port) = $at =~ /^(.*):([0-9]+)$/;
  socket(S, PF_INET, SOCK_STREAM, 6) && connect(S, sockaddr_in($port, inet_aton($host))) or exit ${NOBODY_LISTENS};
}
syswrite S, "$ENV{HECD_LINE}\\n";
shutdown S, 1;
print $part while sysread S, $part, 65536;`;

/** Says the line `HECD_LINE` to the socket `HECD_SOCKET`, a path or HOST:PORT, and shows what it answers. */
export const RELAY = `
has() { command -v "$1" >/dev/null 2>&1; }
case $HECD_SOCKET in
/*) [ -S "$HECD_SOCKET" ] || exit ${NOBODY_LISTENS} ;;
esac
if has socat; then
  case $HECD_SOCKET in
  /*) to=UNIX-CONNECT:$HECD_SOCKET ;;
  *) to=TCP:$HECD_SOCKET ;;
  esac
  printf '%s\\n' "$HECD_LINE" | socat -t 30 - "$to" || exit ${NOBODY_LISTENS}
elif has perl; then
  perl -MSocket -e '${IN_PERL}'
elif nc 2>&1 | grep -q BusyBox; then
  printf '%s\\n' "$HECD_LINE" | nc "\${HECD_SOCKET%:*}" "\${HECD_SOCKET##*:}" || exit ${NOBODY_LISTENS}
else
  exec bash -c 'exec 3<>"/dev/tcp/\${HECD_SOCKET%:*}/\${HECD_SOCKET##*:}" || exit ${NOBODY_LISTENS}
  printf "%s\\n" "$HECD_LINE" >&3 && cat <&3'
fi`;
