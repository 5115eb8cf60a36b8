import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const root = new URL("..", import.meta.url).pathname;

/** What needs some Docker engine: one of its own, so that it can run beside what needs the machine's. */
const AGENTS = ["test/integration/agent-{apart,engine,failures,guests,stops,survival,swarm}.test.ts"];

/** What needs the machine's Docker engine, which one run has for itself. */
const DOCKER = [
  "test/integration/agent-{addresses,checks,events,networks}.test.ts",
  "test/integration/docker*.test.ts",
  "test/integration/{compose-styles,dialects,explain,images,labels,page-live,readiness,start,whole-line}.test.ts",
];

/** What is about Podman, and needs one in the place of the machine's Docker engine: a round of versions has it. */
const PODMAN = ["test/integration/podman.test.ts"];

/** What is about an engine without root, and needs one in the place of the machine's: a round of versions has it. */
const ROOTLESS = ["test/integration/rootless.test.ts"];

/** What starts three engines of its own, each with an HAProxy: minutes, so it has a script of its own. */
const FLEET = ["test/integration/fleet.test.ts"];

/** What makes an image, or a fresh checkout, with all that npm installs: minutes, so it has a script of its own. */
const IMAGE = ["test/integration/{deploy,https-page}.test.ts"];

/** What needs nothing of the machine but an etcd to start: no root, no Docker, no HAProxy. */
const ETCD = ["test/integration/etcd-*.test.ts", "test/integration/confd-{etcd,watch}.test.ts"];

/** What needs nothing of the machine but another store to start. */
const STORES = [
  "test/integration/{redis,zookeeper,consul}-*.test.ts",
  "test/integration/{confd-layouts,listed-servers,stores-planted-secrets}.test.ts",
];

/**
 * What counts the requests that fail while servers end 100 ms after they were told to, or says how soon something is
 * registered, taken away, caught up with or in a browser: it has the machine for itself.
 */
const LOAD = [
  "test/integration/{clients,faults,haproxy-load,haproxy-renderer,haproxy-renewals,page-many}.test.ts",
  "test/integration/{etcd-catch-up,readiness-soon,removals}.test.ts",
];

// Real daemons share two cores: one file at a time keeps them honest.
const withDaemons = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 };

/** A folder in which each run leaves a report of its own, by its process. */
const REPORTS = process.env["HECD_TEST_REPORTS"];

export default defineConfig({
  root,
  test: {
    reporters:
      REPORTS === undefined ? ["default"] : ["default", ["json", { outputFile: `${REPORTS}/${process.pid}.json` }]],
    projects: [
      {
        root,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/integration/**", "test/packages/**", "test/boot/**"],
          // No test replaces a module, so files may share what one of them has loaded: half of the time was loading.
          isolate: false,
          // All processors; by itself vitest leaves one of them free, which on two cores is half of the machine.
          maxWorkers: availableParallelism(),
          // On a busy machine a property of some thousand runs takes far longer than the usual five seconds.
          testTimeout: 90_000,
        },
      },
      {
        root,
        test: {
          name: "agents",
          include: AGENTS,
          globalSetup: ["test/integration/prepared.ts", "test/integration/agents-setup.ts"],
          ...withDaemons,
        },
      },
      {
        root,
        test: {
          name: "docker",
          include: DOCKER,
          globalSetup: ["test/integration/prepared.ts", "test/integration/docker-setup.ts"],
          ...withDaemons,
        },
      },
      {
        root,
        test: {
          name: "podman",
          include: PODMAN,
          globalSetup: ["test/integration/prepared.ts", "test/integration/docker-setup.ts"],
          ...withDaemons,
        },
      },
      {
        root,
        test: {
          name: "rootless",
          include: ROOTLESS,
          globalSetup: ["test/integration/prepared.ts", "test/integration/docker-setup.ts"],
          ...withDaemons,
        },
      },
      {
        root,
        test: {
          name: "fleet",
          include: FLEET,
          globalSetup: ["test/integration/prepared.ts", "test/integration/docker-setup.ts"],
          ...withDaemons,
        },
      },
      {
        root,
        test: {
          name: "image",
          include: IMAGE,
          globalSetup: ["test/integration/prepared.ts", "test/integration/docker-setup.ts"],
          ...withDaemons,
        },
      },
      {
        root,
        test: {
          name: "haproxy",
          include: ["test/integration/**/*.test.ts"],
          exclude: [...AGENTS, ...DOCKER, ...PODMAN, ...ROOTLESS, ...FLEET, ...IMAGE, ...ETCD, ...STORES, ...LOAD],
          globalSetup: ["test/integration/prepared.ts"],
          ...withDaemons,
        },
      },
      {
        root,
        test: {
          name: "packages",
          include: ["test/packages/**/*.test.ts"],
          ...withDaemons,
          testTimeout: 600_000,
          hookTimeout: 900_000,
        },
      },
      {
        root,
        test: {
          name: "load",
          include: LOAD,
          globalSetup: ["test/integration/prepared.ts", "test/integration/docker-setup.ts"],
          ...withDaemons,
        },
      },
      {
        root,
        test: {
          name: "boot",
          include: ["test/boot/**/*.test.ts"],
          ...withDaemons,
        },
      },
      {
        root,
        test: {
          name: "stores",
          include: STORES,
          ...withDaemons,
        },
      },
      {
        root,
        test: {
          name: "etcd",
          include: ETCD,
          exclude: LOAD,
          globalSetup: ["test/integration/etcd-setup.ts"],
          ...withDaemons,
        },
      },
    ],
  },
});
