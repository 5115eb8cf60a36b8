# sh fresh-machine.sh ROOT COMMAND...: runs a command on what is to a Docker engine a machine of its own, on which none has
# ever run: the packages that were unpacked to ROOT are laid over this machine's own, the only network leads nowhere, there
# is no process but those of the command, and the folders in which engines keep their data are empty. All of it ends with
# the command. This machine's own engine, its bridge and its packet filter are out of reach. Takes root.
set -eu

# The first process of the new machine is this script again.
[ $$ = 1 ] || exec unshare --net --mount --pid --fork --kill-child --mount-proc sh "$0" "$@"
root=$1
shift

ip link set lo up
# Without a default route a machine has no address of its own, and an agent is right not to register anything there.
ip link add eth0 type veth peer name nowhere
ip address add 198.51.100.1/24 dev eth0
ip link set eth0 up
ip link set nowhere up
ip route add default via 198.51.100.254 dev eth0
mount -t overlay -o "ro,lowerdir=$root/usr:/usr" overlay /usr
for folder in /run /var/log /var/lib/docker; do
  mkdir -p "$folder"
  mount -t tmpfs -o mode=755 tmpfs "$folder"
done
# Process ids of another machine say nothing here, so no file that bears one is shared.
export TMPDIR=/run/tmp
mkdir -m 1777 "$TMPDIR"
node --version >/dev/null || {
  echo "The programs of this machine cannot use the libraries in $root, which are older than its own" >&2
  exit 1
}

"$@" # without exec: the first process of a machine collects those that have lost their parents
