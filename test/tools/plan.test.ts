import { describe, expect, test } from "vitest";
import { announcementOf, type Facts, isInStep, planOf, refusalOf } from "../../tools/machine/plan.mjs";

const READY: Facts = {
  purpose: "test",
  root: true,
  aptGet: true,
  systemd: false,
  cgroups: true,
  npmInStep: true,
  programs: new Set([
    "haproxy",
    "busybox",
    "docker",
    "dockerd",
    "iptables",
    "etcd",
    "etcdctl",
    "compose",
    "ip",
    "nginx",
    "curl",
    "keepalived",
    "pebble",
    "promtool",
    "redis-server",
    "redis-cli",
    "zookeeper",
    "systemd-analyze",
    "chromium",
  ]),
  engine: { kind: "answers" },
  staleImages: [],
};

const BARE: Facts = {
  ...READY,
  npmInStep: false,
  programs: new Set(),
  engine: { kind: "silent", reason: "connect ENOENT /var/run/docker.sock" },
  staleImages: ["hecd-test/web"],
};

describe("the preparation of a machine", () => {
  test("does nothing where everything is there", () => {
    expect(planOf(READY)).toEqual([]);
    expect(refusalOf(READY, [])).toBeUndefined();
  });

  test("leaves every engine alone for the packages, which are installed on machines of their own", () => {
    const packages = planOf({ ...BARE, purpose: "packages", staleImages: [] }).find(({ kind }) => kind === "packages");
    expect(packages).toEqual({
      kind: "packages",
      packages: ["busybox-static", "mmdebstrap", "systemd-container", "lintian"],
      heldUnits: [],
    });
    const elsewhere = { kind: "elsewhere", url: "tcp://a", reason: "down" } as const;
    expect(refusalOf({ ...READY, purpose: "packages", engine: elsewhere }, [])).toBeUndefined();
  });

  test("does everything, in the order of what needs what, on a bare machine", () => {
    expect(planOf(BARE)).toEqual([
      { kind: "npm" },
      {
        kind: "packages",
        packages: [
          "haproxy",
          "busybox-static",
          "docker.io",
          "etcd-server",
          "etcd-client",
          "docker-compose",
          "iproute2",
          "nginx",
          "pebble",
          "curl",
          "keepalived",
          "prometheus",
          "systemd",
          "chromium",
          "redis-server",
          "redis-tools",
          "libzookeeper-java",
          "default-jre-headless",
          "iptables",
        ],
        heldUnits: [
          ...["haproxy.service", "etcd.service", "nginx.service", "keepalived.service", "prometheus.service"],
          "redis-server.service",
        ],
      },
      { kind: "engine", by: "dockerd" },
      { kind: "images", images: ["hecd-test/web"] },
    ]);
  });

  test("installs for the demo only what the demo needs", () => {
    const packages = planOf({ ...BARE, purpose: "start" }).find((step) => step.kind === "packages");
    expect(packages).toMatchObject({
      packages: ["haproxy", "busybox-static", "docker.io", "iptables"],
    });
  });

  test("uses a running engine as it is, and keeps that of a package from starting beside it", () => {
    const steps = planOf({
      ...READY,
      programs: new Set([...READY.programs].filter((name) => !name.startsWith("docker"))),
    });
    expect(steps).toEqual([
      { kind: "packages", packages: ["docker.io"], heldUnits: ["docker.service", "docker.socket"] },
    ]);
  });

  test("starts an installed engine that does not run, by systemd where that is in charge", () => {
    const engine = { kind: "silent", reason: "connect ENOENT" } as const;
    expect(planOf({ ...READY, engine })).toEqual([{ kind: "engine", by: "dockerd" }]);
    expect(planOf({ ...READY, engine, systemd: true })).toEqual([{ kind: "engine", by: "systemctl" }]);
  });

  test("mounts the control groups for an engine where nobody else has", () => {
    const engine = { kind: "silent", reason: "connect ENOENT" } as const;
    expect(planOf({ ...READY, engine, cgroups: false })).toEqual([
      { kind: "packages", packages: ["cgroupfs-mount"], heldUnits: [] },
      { kind: "cgroups" },
      { kind: "engine", by: "dockerd" },
    ]);
  });

  test("says what it is about to do, with the command", () => {
    expect(planOf(BARE).map(announcementOf)[1]).toMatch(
      /^Installing Debian packages: haproxy, .* \(apt-get update; apt-get install -y --no-install-recommends haproxy /,
    );
  });
});

describe("a machine that cannot be prepared from here", () => {
  test("gets every command at once where the user is not root", () => {
    const facts = { ...BARE, purpose: "start", root: false, systemd: true } as const;
    expect(refusalOf(facts, planOf(facts))).toBe(
      [
        "Something is missing that only root can provide. Run this, then try again:",
        "  sudo apt-get update",
        "  sudo apt-get install -y --no-install-recommends haproxy busybox-static docker.io iptables",
        "  sudo systemctl start docker",
        '  sudo usermod -aG docker "$USER"    # and log in anew: lets you use Docker',
      ].join("\n"),
    );
  });

  test("is no obstacle where only npm and images are missing", () => {
    const facts = { ...READY, root: false, npmInStep: false, staleImages: ["hecd-test/web"] };
    expect(refusalOf(facts, planOf(facts))).toBeUndefined();
  });

  test("gets the list of what is missing where there is no apt-get", () => {
    const facts = { ...BARE, aptGet: false };
    expect(refusalOf(facts, planOf(facts))).toMatch(/no apt-get[\s\S]*haproxy busybox-static docker\.io/);
  });

  test("is told that DOCKER_HOST names an engine that does not answer", () => {
    const engine = { kind: "elsewhere", url: "tcp://10.0.0.9:2375", reason: "connect ECONNREFUSED" } as const;
    expect(refusalOf({ ...READY, engine }, [])).toMatch(
      /tcp:\/\/10\.0\.0\.9:2375 \(DOCKER_HOST\): connect ECONNREFUSED/,
    );
  });

  test("is told how to be let in where the engine refuses the user", () => {
    const engine = { kind: "denied", reason: "connect EACCES /var/run/docker.sock" } as const;
    const facts = { ...READY, root: false, engine };
    expect(refusalOf(facts, planOf(facts))).toMatch(/EACCES[\s\S]*usermod -aG docker/);
  });
});

describe("node_modules", () => {
  const lock = (packages: Record<string, unknown>): string => JSON.stringify({ lockfileVersion: 3, packages });
  const wanted = lock({
    "": { name: "hecd" },
    "node_modules/a": { version: "1.0.0" },
    "node_modules/b": { version: "2.0.0", optional: true },
  });

  test("are in step with the lock file when npm has installed just that", () => {
    expect(
      isInStep(wanted, lock({ "node_modules/a": { version: "1.0.0" }, "node_modules/b": { version: "2.0.0" } })),
    ).toBe(true);
  });

  test("may lack an optional package, which is for other machines", () => {
    expect(isInStep(wanted, lock({ "node_modules/a": { version: "1.0.0" } }))).toBe(true);
  });

  test.each([
    ["are missing", undefined],
    ["are half there", ""],
    ["lack a package", lock({})],
    ["have another version", lock({ "node_modules/a": { version: "1.0.1" } })],
    [
      "have a package too many",
      lock({ "node_modules/a": { version: "1.0.0" }, "node_modules/c": { version: "1.0.0" } }),
    ],
  ])("are not in step when they %s", (_, installed) => {
    expect(isInStep(wanted, installed)).toBe(false);
  });
});
