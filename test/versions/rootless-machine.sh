# sh rootless-machine.sh ROOT docker|podman COMMAND...: runs a command beside an engine that a user without root has started
# for himself, on a machine that fresh-machine.sh has made, of the packages that were unpacked to ROOT. Its socket is the
# usual one, so it is spoken to as the machine's own. It ends with the machine.
set -eu
root=$1
engine=$2
shift 2

# What the engine reads of /etc comes with its packages; what is written there must not stay on this machine.
mkdir -p /run/etc /run/etc-work
mount -t overlay -o "lowerdir=/etc:$root/etc,upperdir=/run/etc,workdir=/run/etc-work" overlay /etc
echo "rootless:x:4242:4242::/var/lib/docker:/bin/sh" >>/etc/passwd
echo "rootless:x:4242:" >>/etc/group
echo "rootless:100000:65536" | tee /etc/subuid >/etc/subgid
rm -f /etc/resolv.conf
echo "nameserver 198.51.100.254" >/etc/resolv.conf

# Without root only the second version of cgroups can be used, and everybody has to come by the device of tunnels.
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=755,dev tmpfs /dev/net
mknod -m 666 /dev/net/tun c 10 200

# The user's home is not below /run, which is behind a link for such a Docker: its containers would not start there.
export XDG_RUNTIME_DIR=/run/user/4242
mkdir -p "$XDG_RUNTIME_DIR"
chown 4242:4242 /var/lib/docker "$XDG_RUNTIME_DIR"
socket=$XDG_RUNTIME_DIR/$engine.sock
as_user() {
  setpriv --reuid 4242 --regid 4242 --clear-groups env HOME=/var/lib/docker "$@" >/var/log/rootless.log 2>&1 &
}
case $engine in
docker) as_user sh /usr/share/docker.io/contrib/dockerd-rootless.sh ;;
podman)
  sh "$(dirname "$0")/podman-settings.sh"
  as_user podman system service --time=0 "unix://$socket"
  ;;
esac
ln -s "$socket" /run/docker.sock
tries=0
until docker version >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ $tries -lt 300 ] || {
    cat /var/log/rootless.log >&2
    exit 1
  }
  sleep 0.1
done

"$@"
