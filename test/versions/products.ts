import { join } from "node:path";
import type { Suites } from "./apt.js";
import type { Bundle, Unpacked } from "./unpack.js";

/** A version, as far as it matters, and where Debian has it. */
export interface Release {
  readonly version: string;
  readonly suites: Suites;
  /** Its packages, where they are not those of the others. */
  readonly packages?: readonly string[];
}

/** A product from outside whose versions the tests are run against. */
export interface Product {
  readonly name: string;
  readonly releases: readonly Release[];
  readonly bundle: Bundle;
  /** How a command comes to use what was unpacked: by variables, and by a command that it is appended to. */
  readonly use: (unpacked: Unpacked) => Use;
  /** The command that tells the version, and what it says before that. */
  readonly asked: (unpacked: Unpacked) => readonly [program: string, flag: string];
  readonly answer: string;
  /** The projects of vitest, and parts of the names of their files: all of them when there are none. */
  readonly projects: readonly ("agents" | "docker" | "etcd" | "haproxy" | "load" | "podman" | "rootless")[];
  readonly files: readonly string[];
  /** Whether its runs keep the table of engines and events. */
  readonly isEngine?: boolean;
  /** A shell command that has to succeed before the tests, and uses the product as they do. */
  readonly before?: string;
}

interface Use {
  readonly env: Readonly<Record<string, string>>;
  readonly command: readonly string[];
}

const HAPROXY: Product = {
  name: "HAProxy",
  releases: [
    { version: "3.0", suites: ["trixie"] },
    { version: "3.2", suites: ["forky"] },
    { version: "3.4", suites: ["experimental", "forky"] },
  ],
  bundle: { packages: ["haproxy"], programs: ["haproxy"] },
  use: ({ bin }) => ({ env: { HECD_TEST_HAPROXY: join(bin, "haproxy") }, command: [] }),
  asked: ({ bin }) => [join(bin, "haproxy"), "-v"],
  answer: "HAProxy version ",
  projects: ["haproxy", "load"],
  files: ["integration/clients", "integration/haproxy", "integration/stock-templates"],
};

const ETCD: Product = {
  name: "etcd",
  releases: [
    { version: "3.5.16", suites: ["trixie"] },
    { version: "3.5.30", suites: ["forky"] },
  ],
  bundle: { packages: ["etcd-server", "etcd-client"], programs: ["etcd", "etcdctl"] },
  use: ({ bin }) => ({
    env: { HECD_TEST_ETCD: join(bin, "etcd"), HECD_TEST_ETCDCTL: join(bin, "etcdctl") },
    command: [],
  }),
  asked: ({ bin }) => [join(bin, "etcd"), "--version"],
  answer: "etcd Version: ",
  projects: ["etcd"],
  files: [],
};

/** Where a file lies that is a neighbour of this one. */
const here = (name: string): string => new URL(name, import.meta.url).pathname;

/** The tests that follow an engine of Docker's API. */
const ENGINE_FILES = [
  ...["agent-", "docker", "explain", "readiness", "whole-line", "compose-styles", "images", "start"],
].map((name) => `integration/${name}`);

/** An engine and the programs that it starts have their places, so it runs on a machine of its own with all of them. */
const DOCKER: Product = {
  name: "Docker",
  releases: [
    { version: "20.10.24", suites: ["bookworm"], packages: ["docker.io"] },
    { version: "26.1.5", suites: ["trixie"] },
    { version: "28.5.2", suites: ["forky"] },
  ],
  bundle: { packages: ["docker.io", "docker-cli"], programs: [] },
  use: ({ root }) => ({ env: {}, command: ["sh", here("fresh-machine.sh"), root] }),
  asked: () => ["dockerd", "--version"],
  answer: "Docker version ",
  projects: ["agents", "docker", "load"],
  files: ENGINE_FILES,
  isEngine: true,
  before: "node tools/machine/prepare.mjs test",
};

/** Podman with the programs that it starts: the network's, the runtime's, the monitor's and the first process of pods. */
const PODMAN: Product = {
  name: "Podman",
  releases: [
    { version: "4.3.1", suites: ["bookworm"] },
    { version: "5.4.2", suites: ["trixie"] },
    { version: "5.8.6", suites: ["forky"] },
    { version: "6.1.1", suites: ["experimental", "forky"] },
  ],
  bundle: {
    packages: ["podman", "netavark", "aardvark-dns", "crun", "conmon", "catatonit", "nftables", "iptables"],
    programs: [],
  },
  use: ({ root }) => ({
    env: { HECD_TEST_ENGINE: "podman" },
    command: ["sh", here("fresh-machine.sh"), root, "sh", here("podman-machine.sh"), root],
  }),
  asked: () => ["podman", "--version"],
  answer: "podman version ",
  projects: ["agents", "docker", "load", "podman"],
  files: [...ENGINE_FILES, "integration/podman"],
  isEngine: true,
  before: "node tools/machine/prepare.mjs test",
};

/** Engines that a user without root has started, which have networks of their own. */
const ROOTLESS_DOCKER: Product = {
  ...DOCKER,
  name: "Docker-rootless",
  releases: [{ version: "28.5.2", suites: ["forky"] }],
  bundle: {
    packages: [...DOCKER.bundle.packages, "rootlesskit", "slirp4netns", "uidmap", "iptables", "iproute2", "procps"],
    programs: [],
  },
  use: ({ root }) => ({ env: {}, command: rootlessMachine(root, "docker") }),
  projects: ["rootless"],
  files: [],
  isEngine: false,
};

const ROOTLESS_PODMAN: Product = {
  ...PODMAN,
  name: "Podman-rootless",
  releases: [{ version: "5.4.2", suites: ["trixie"] }],
  bundle: { packages: [...PODMAN.bundle.packages, "passt", "uidmap"], programs: [] },
  use: ({ root }) => ({ env: { HECD_TEST_ENGINE: "podman" }, command: rootlessMachine(root, "podman") }),
  projects: ["rootless"],
  files: [],
  isEngine: false,
};

function rootlessMachine(root: string, engine: "docker" | "podman"): readonly string[] {
  return ["sh", here("fresh-machine.sh"), root, "sh", here("rootless-machine.sh"), root, engine];
}

/** By the word that the command line has for each; several where one is spoken to as the other, with versions of their own. */
export const PRODUCTS: ReadonlyMap<string, readonly Product[]> = new Map([
  ["haproxy", [HAPROXY]],
  ["etcd", [ETCD]],
  ["docker", [DOCKER, PODMAN]],
  ["rootless", [ROOTLESS_DOCKER, ROOTLESS_PODMAN]],
]);
