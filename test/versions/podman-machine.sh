# sh podman-machine.sh ROOT COMMAND...: runs a command beside a Podman that serves Docker's API, on a machine that
# fresh-machine.sh has made, of the packages that were unpacked to ROOT. Podman has its usual sockets: its own one, and
# Docker's, as by Debian's package podman-docker. It ends with the machine.
set -eu
root=$1
shift

# What a Podman reads of /etc comes with its packages; what it writes there must not stay on this machine.
mkdir -p /run/etc /run/etc-work
mount -t overlay -o "lowerdir=/etc:$root/etc,upperdir=/run/etc,workdir=/run/etc-work" overlay /etc
mkdir -p /var/lib/containers
mount -t tmpfs -o mode=755 tmpfs /var/lib/containers
rm -f /etc/resolv.conf /etc/cni/net.d/*.conflist
echo "nameserver 198.51.100.254" >/etc/resolv.conf

# The crun of Debian 12 refuses the mixture of both versions of cgroups, later ones take the second version only.
case $(podman --version) in
*" 4."*)
  umount /sys/fs/cgroup/unified 2>/dev/null || true
  export HECD_TEST_ENGINE=podman-4
  ;;
*)
  umount -R /sys/fs/cgroup
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  ;;
esac

sh "$(dirname "$0")/podman-settings.sh"
export DISABLE_HC_SYSTEMD=true

mkdir -p /run/podman
podman system service --time=0 unix:///run/podman/podman.sock >/var/log/podman.log 2>&1 &
ln -s /run/podman/podman.sock /run/docker.sock
tries=0
until podman --url unix:///run/podman/podman.sock version >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ $tries -lt 100 ] || {
    cat /var/log/podman.log >&2
    exit 1
  }
  sleep 0.1
done

"$@"
