# sh machine.sh DEBIAN FOLDER PROJECT NODE: boots DEBIAN, an unpacked root directory that stays as it is, under its own systemd. What
# it writes is kept in FOLDER, so that the next boot goes on from there. Its network leads nowhere; of this machine it sees
# PROJECT as /opt/hecd and NODE as /usr/bin/node. Ends when that machine is switched off. Takes root.
set -eu

# This machine's mounts are left alone.
[ "${HECD_BOOT_APART:-}" = yes ] || HECD_BOOT_APART=yes exec unshare --mount sh "$0" "$@"
debian=$1 folder=$2 project=$3 node=$4
mount --make-rprivate /
mkdir -p "$folder/written" "$folder/work" "$folder/root" "$folder/docker"
mount -t overlay -o "lowerdir=$debian,upperdir=$folder/written,workdir=$folder/work" overlay "$folder/root"

# systemd wants control groups of its own: below ours where they are of version 2 alone, of both versions otherwise.
for tree in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
  [ -e "$tree/cgroup.procs" ] || continue
  mkdir -p "$tree/hecd-boot-$$"
  echo $$ >"$tree/hecd-boot-$$/cgroup.procs"
done

# Docker in it mounts, loads filters and keeps keys, as it does on a machine.
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=1
exec systemd-nspawn --quiet --keep-unit --register=no --machine=hecd-boot-$$ --directory="$folder/root" \
  --private-network --capability=all --system-call-filter="bpf keyctl add_key request_key" --console=pipe \
  --bind="$folder/docker:/var/lib/docker" --bind-ro="$project:/opt/hecd" --bind-ro="$node:/usr/bin/node" --boot
