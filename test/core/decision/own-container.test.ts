import { describe, expect, test } from "vitest";
import { ownContainerOf, ownNetworksOf } from "../../../src/core/decision/own-container.js";
import { container, inNetwork } from "../../support/containers.js";

const OWN = "822e5de1a5b6fa1ad5c5699488cba673b1e0ea0d4c1d0941242b40391ada350d";
const OTHER = "e49593b1f9a51804f682f90ed581c4255d5e6eb7daeb2e67366673551d381a21";

/** As a container of Docker has it; the digits of the layers are no ids of containers. */
function dockerMounts(id: string, folder = "/var/lib/docker"): string {
  const layer = "25d3f2f8846ffdd6b565b509109492ad1e3bc4b57b81a4dcd3df95a98a9c7532";
  return `113 63 0:50 / / rw,relatime master:3 - overlay overlay rw,lowerdir=${folder}/overlay2/l/4GL4UJDWK5,upperdir=${folder}/overlay2/${layer}/diff
129 115 0:58 / /dev/shm rw,nosuid,nodev,noexec,relatime - tmpfs shm rw,size=65536k
130 113 254:0 ${folder}/containers/${id}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/vda rw,discard
131 113 254:0 ${folder}/containers/${id}/hostname /etc/hostname rw,relatime - ext4 /dev/vda rw,discard
132 113 254:0 ${folder}/containers/${id}/hosts /etc/hosts rw,relatime - ext4 /dev/vda rw,discard
133 113 254:0 ${folder}/volumes/${layer}/_data /var/lib/hecd rw,relatime - ext4 /dev/vda rw,discard
`;
}

const machineMounts = `22 27 0:21 / /proc rw,relatime - proc proc rw
31 27 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
95 31 0:50 / /var/lib/docker/overlay2/25d3f2f8846ffdd6b565b509109492ad1e3bc4b57b81a4dcd3df95a98a9c7532/merged rw,relatime shared:2 - overlay overlay rw
96 31 0:57 / /var/lib/docker/containers/${OTHER}/mounts/shm rw,nosuid - tmpfs shm rw
97 31 0:4 net:[4026532281] /run/docker/netns/0f9a51804f68 rw shared:3 - nsfs nsfs rw
`;

describe("the container that a process runs in is known", () => {
  test.each([
    ["/docker/ID", "13:perf_event:/docker/ID\n4:memory:/docker/ID\n1:name=systemd:/docker/ID\n0::/docker/ID\n"],
    ["a scope of systemd", "0::/system.slice/docker-ID.scope\n"],
    ["a scope of podman", "0::/machine.slice/libpod-ID.scope/container\n"],
    [
      "a scope of rootless podman",
      "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope/container\n",
    ],
    ["a parent of its own", "0::/agents/ID\n"],
    ["a container in another", `1:name=systemd:/docker/${OTHER}/docker/ID\n`],
    ["a service in a container that is run as a machine", "1:name=systemd:/docker/ID/system.slice/hecd.service\n"],
    ["hierarchies of which only some are its own", "2:cpu:/\n1:name=systemd:/docker/ID\n0::/\n"],
  ])("by its cgroup: %s", (_, cgroup) => {
    expect(ownContainerOf({ cgroup: cgroup.replaceAll("ID", OWN), mounts: "" })).toBe(OWN);
  });

  test.each([
    ["Docker", dockerMounts(OWN)],
    ["Docker in a folder of its own, on a disk of its own", dockerMounts(OWN, "/lib/engine")],
    ["Docker without root", dockerMounts(OWN, "/home/ops/.local/share/docker")],
    [
      "podman",
      "745 735 0:24 /containers/storage/overlay-containers/ID/userdata/hostname /etc/hostname rw - tmpfs tmpfs rw\n",
    ],
    [
      "podman without root",
      "965 975 0:47 /containers/overlay-containers/ID/userdata/hostname /etc/hostname rw - tmpfs tmpfs rw,uid=1000\n",
    ],
    [
      "podman in a pod, which has the files of names in common",
      `744 735 0:24 /containers/overlay-containers/ID/userdata/.containerenv /run/.containerenv rw - tmpfs tmpfs rw
746 735 0:24 /containers/overlay-containers/${OTHER}/userdata/resolv.conf /etc/resolv.conf rw - tmpfs tmpfs rw
747 735 0:24 /containers/overlay-containers/${OTHER}/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw\n`,
    ],
    [
      "the host's name mounted over its own",
      dockerMounts(OWN).replace(/ \S*\/hostname \/etc\/hostname/, " /etc/hostname /etc/hostname"),
    ],
  ])("by its mounts, where it sees no cgroup but its own: %s", (_, mounts) => {
    expect(ownContainerOf({ cgroup: "0::/\n", mounts: mounts.replaceAll("ID", OWN) })).toBe(OWN);
  });

  test("by its cgroup when it is in the network of another container, whose files it has", () => {
    expect(ownContainerOf({ cgroup: `0::/docker/${OWN}\n`, mounts: dockerMounts(OTHER) })).toBe(OWN);
  });
});

describe("no container is taken for its own", () => {
  test.each([
    ["by a service of the machine that runs the engine", "0::/system.slice/hecd-agent.service\n", machineMounts],
    ["by a process of a person", "0::/user.slice/user-1000.slice/session-3.scope\n", machineMounts],
    [
      "by one that was given the folders of all containers",
      "0::/\n",
      `98 31 254:0 /var/lib/docker/containers/${OTHER}/hostname /mnt/${OTHER}/hostname rw - ext4 /dev/vda rw\n`,
    ],
    ["by other long numbers", `0::/build/${OWN.slice(1)}/x${OWN}/${OWN}.slice\n`, ""],
    ["where there is nothing to read", "", ""],
  ])("%s", (_, cgroup, mounts) => {
    expect(ownContainerOf({ cgroup, mounts })).toBeUndefined();
  });
});

describe("the networks of a process are known", () => {
  const networks = { front: { ipv4: "172.20.0.9", ipv6: "fd00::9" }, back: inNetwork("172.21.0.9") };
  const agent = container("agent", { networks });
  const guest = container("guest", { networks: {}, networkMode: `container:${agent.id}` });
  const own = { front: ["172.20.0.9", "fd00::9"], back: ["172.21.0.9"] };

  test("by the container that it runs in", () => {
    expect(ownNetworksOf(agent.id, [container("web"), agent])).toEqual(own);
  });

  test("by the one whose network its container lives in", () => {
    expect(ownNetworksOf(guest.id, [agent, guest])).toEqual(own);
  });

  test("as none where it runs in no container, or in one that is not to be seen", () => {
    expect(ownNetworksOf(undefined, [agent])).toEqual({});
    expect(ownNetworksOf(agent.id, [container("web")])).toEqual({});
    expect(ownNetworksOf(guest.id, [guest])).toEqual({});
  });
});
