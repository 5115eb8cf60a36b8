# sh debian-machine.sh DEBIAN FOLDER ARGUMENT...: systemd-nspawn on DEBIAN, an unpacked root directory that stays as it is, with
# these arguments: --boot, or --as-pid2 and a command. What is written is kept in FOLDER for the next time. There is no
# network but what is made in it. Takes root.
set -eu

# This machine's mounts are left alone.
[ "${HECD_MACHINE_APART:-}" = yes ] || HECD_MACHINE_APART=yes exec unshare --mount sh "$0" "$@"
debian=$1 folder=$2
shift 2
mount --make-rprivate /
mkdir -p "$folder/written" "$folder/work" "$folder/root" "$folder/docker"
mount -t overlay -o "lowerdir=$debian,upperdir=$folder/written,workdir=$folder/work" overlay "$folder/root"

# systemd wants control groups of its own: below ours where they are of version 2 alone, of both versions otherwise.
for tree in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
  [ -e "$tree/cgroup.procs" ] || continue
  mkdir -p "$tree/hecd-machine-$$"
  echo $$ >"$tree/hecd-machine-$$/cgroup.procs"
done

# Docker in it mounts, loads filters and keeps keys, as it does on a machine.
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=1
exec systemd-nspawn --quiet --keep-unit --register=no --machine=hecd-machine-$$ --directory="$folder/root" \
  --private-network --timezone=off --capability=all --system-call-filter="bpf keyctl add_key request_key" --console=pipe \
  --bind="$folder/docker:/var/lib/docker" --setenv=DEBIAN_FRONTEND=noninteractive "$@"
