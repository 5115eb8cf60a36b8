# sh podman-settings.sh: writes what a Podman on a machine of fresh-machine.sh is told in /etc/containers/containers.conf, for
# root and for users alike: no controller of resources may be there, no systemd, and no journal.
set -eu

firewall=nftables
case $(podman --version) in *" 4."* | *" 5.4"*) firewall=iptables ;; esac
mkdir -p /etc/containers
cat >/etc/containers/containers.conf <<EOF
[containers]
pids_limit = 0
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
[network]
network_backend = "netavark"
firewall_driver = "$firewall"
EOF
