/**
 * Pure: what a machine has -> what has to be done before HECD runs on it, or why that cannot be done here.
 *
 * @typedef {"start" | "test" | "packages" | "boot"} Purpose
 *
 * @typedef {"haproxy" | "busybox" | "docker" | "dockerd" | "iptables" | "etcd" | "etcdctl" | "redis-server" | "redis-cli" | "zookeeper" |
 *   "compose" | "ip" |
 *   "nginx" | "curl" | "keepalived" | "pebble" | "promtool" | "systemd-analyze" | "chromium" | "mmdebstrap" | "systemd-nspawn" | "lintian"} Program
 *
 * @typedef {{ readonly kind: "answers" }
 *   | { readonly kind: "silent", readonly reason: string }
 *   | { readonly kind: "denied", readonly reason: string }
 *   | { readonly kind: "elsewhere", readonly url: string, readonly reason: string }} Engine
 *   `silent`, `denied`: the local one does not answer, or not to this user. `elsewhere`: DOCKER_HOST names one that
 *   does not answer.
 *
 * @typedef {object} Facts
 * @property {Purpose} purpose
 * @property {boolean} root
 * @property {boolean} aptGet
 * @property {boolean} systemd whether systemd is process 1
 * @property {boolean} cgroups whether the control groups that a Docker engine needs are mounted
 * @property {boolean} npmInStep whether node_modules is what package-lock.json says
 * @property {ReadonlySet<Program>} programs those that are installed
 * @property {Engine} engine
 * @property {readonly string[]} staleImages those that are missing or made of other programs than the present ones
 *
 * @typedef {{ readonly kind: "npm" }
 *   | { readonly kind: "packages", readonly packages: readonly string[], readonly heldUnits: readonly string[] }
 *   | { readonly kind: "cgroups" }
 *   | { readonly kind: "engine", readonly by: "systemctl" | "dockerd" }
 *   | { readonly kind: "images", readonly images: readonly string[] }} Step
 */

/**
 * Where Debian has a program, and the services which its package would start.
 *
 * @type {Readonly<Record<Program, { readonly packages: readonly string[], readonly units: readonly string[] }>>}
 */
const DEBIAN = {
  haproxy: { packages: ["haproxy"], units: ["haproxy.service"] },
  busybox: { packages: ["busybox-static"], units: [] },
  docker: { packages: ["docker.io"], units: [] },
  dockerd: { packages: ["docker.io"], units: [] },
  iptables: { packages: ["iptables"], units: [] },
  etcd: { packages: ["etcd-server"], units: ["etcd.service"] },
  etcdctl: { packages: ["etcd-client"], units: [] },
  "redis-server": { packages: ["redis-server"], units: ["redis-server.service"] },
  "redis-cli": { packages: ["redis-tools"], units: [] },
  // The library is the server as well; the package of its own name would bring the tools of a desktop besides.
  zookeeper: { packages: ["libzookeeper-java", "default-jre-headless"], units: [] },
  compose: { packages: ["docker-compose"], units: [] },
  ip: { packages: ["iproute2"], units: [] },
  nginx: { packages: ["nginx"], units: ["nginx.service"] },
  curl: { packages: ["curl"], units: [] },
  keepalived: { packages: ["keepalived"], units: ["keepalived.service"] },
  pebble: { packages: ["pebble"], units: [] },
  promtool: { packages: ["prometheus"], units: ["prometheus.service"] },
  "systemd-analyze": { packages: ["systemd"], units: [] },
  chromium: { packages: ["chromium"], units: [] },
  mmdebstrap: { packages: ["mmdebstrap"], units: [] },
  "systemd-nspawn": { packages: ["systemd-container"], units: [] },
  lintian: { packages: ["lintian"], units: [] },
};

/** @type {Readonly<Record<Purpose, readonly Program[]>>} */
const NEEDED = {
  start: ["haproxy", "busybox", "docker"],
  test: [
    .../** @type {const} */ (["haproxy", "busybox", "docker", "etcd", "etcdctl", "compose", "ip", "nginx", "pebble"]),
    .../** @type {const} */ (["curl", "keepalived"]),
    .../** @type {const} */ (["promtool", "systemd-analyze", "chromium", "redis-server", "redis-cli", "zookeeper"]),
  ],
  // Packages are installed, and units booted, on machines of their own, each with an engine that comes from Debian.
  packages: ["busybox", "mmdebstrap", "systemd-nspawn", "lintian"],
  boot: ["busybox", "mmdebstrap", "systemd-nspawn"],
};

/**
 * Whether what is prepared for makes machines of its own, each with an engine and images of its own.
 *
 * @param {Purpose} purpose
 * @returns {boolean}
 */
export function hasOwnMachines(purpose) {
  return purpose === "packages" || purpose === "boot";
}

/** An engine that we start ourselves needs these; one that answers is used as it is. */
const ENGINE = /** @type {const} */ (["dockerd", "iptables"]);

const DOCKER_UNITS = ["docker.service", "docker.socket"];

/**
 * The steps to take, in their order; none when everything is there.
 *
 * @param {Facts} facts
 * @returns {readonly Step[]}
 */
export function planOf(facts) {
  /** @type {Step[]} */
  const steps = [];
  if (!facts.npmInStep) steps.push({ kind: "npm" });

  const ours = facts.engine.kind === "silent" && !hasOwnMachines(facts.purpose);
  const missing = [...NEEDED[facts.purpose], ...(ours ? ENGINE : [])].filter((program) => !facts.programs.has(program));
  const mountCgroups = ours && !facts.systemd && !facts.cgroups;
  if (missing.length > 0 || mountCgroups) {
    const packages = missing.flatMap((program) => DEBIAN[program].packages);
    const units = missing.flatMap((program) => DEBIAN[program].units);
    // Docker's package comes for its client when an engine of other origin answers: that one must stay alone.
    if (!ours && packages.includes("docker.io")) units.push(...DOCKER_UNITS);
    if (mountCgroups) packages.push("cgroupfs-mount");
    steps.push({ kind: "packages", packages: [...new Set(packages)], heldUnits: units });
  }
  if (mountCgroups) steps.push({ kind: "cgroups" });
  if (ours) steps.push({ kind: "engine", by: facts.systemd ? "systemctl" : "dockerd" });
  if (facts.staleImages.length > 0) steps.push({ kind: "images", images: facts.staleImages });
  return steps;
}

/**
 * Why the steps cannot be taken here, with the commands for a person to run; undefined when they can.
 *
 * @param {Facts} facts
 * @param {readonly Step[]} steps
 * @returns {string | undefined}
 */
export function refusalOf(facts, steps) {
  const { engine, purpose } = facts;
  /** @type {string[]} */
  const lines = [];
  const usesEngine = !hasOwnMachines(purpose);
  if (usesEngine && engine.kind === "elsewhere") {
    lines.push(`Cannot reach Docker at ${engine.url} (DOCKER_HOST): ${engine.reason}`);
    lines.push("Start that engine, or unset DOCKER_HOST to use the one of this machine.");
  }
  if (usesEngine && engine.kind === "denied") {
    lines.push(`Cannot use the Docker engine of this machine: ${engine.reason}`);
    lines.push('As root, or after this and a new login: sudo usermod -aG docker "$USER"');
  }
  const forRoot = steps.filter((step) => step.kind !== "npm" && step.kind !== "images");
  const forApt = forRoot.filter((step) => step.kind === "packages");
  if (forApt.length > 0 && !facts.aptGet) {
    lines.push("This machine has no apt-get to install what is missing. The Debian packages would be:");
    lines.push(...forApt.map((step) => `  ${step.packages.join(" ")}`));
    lines.push("Install their like, start Docker, then try again.");
  } else if (forRoot.length > 0 && !facts.root) {
    lines.push("Something is missing that only root can provide. Run this, then try again:");
    lines.push(...forRoot.flatMap(commandsOf).map((command) => `  sudo ${command}`));
    const engineSteps = forRoot.some((step) => step.kind === "engine");
    if (engineSteps) lines.push('  sudo usermod -aG docker "$USER"    # and log in anew: lets you use Docker');
  }
  return lines.length === 0 ? undefined : lines.join("\n");
}

/**
 * What a step comes to on the command line.
 *
 * @param {Step} step
 * @returns {readonly string[]}
 */
export function commandsOf(step) {
  switch (step.kind) {
    case "npm":
      return ["npm ci --ignore-scripts --no-audit --no-fund"];
    case "packages":
      return ["apt-get update", `apt-get install -y --no-install-recommends ${step.packages.join(" ")}`];
    case "cgroups":
      return ["cgroupfs-mount"];
    case "engine":
      return [
        step.by === "systemctl" ? "systemctl start docker" : "sh -c 'setsid dockerd >/var/log/dockerd.log 2>&1 &'",
      ];
    case "images":
      return step.images.map((image) => `docker import - ${image}`);
  }
}

/**
 * Tells a person what is about to be done.
 *
 * @param {Step} step
 * @returns {string}
 */
export function announcementOf(step) {
  const commands = commandsOf(step).join("; ");
  switch (step.kind) {
    case "npm":
      return `Installing npm dependencies (${commands})`;
    case "packages":
      return `Installing Debian packages: ${step.packages.join(", ")} (${commands})`;
    case "cgroups":
      return `Mounting the control groups (${commands})`;
    case "engine":
      return `Starting the Docker engine (${step.by === "systemctl" ? commands : "dockerd, log in /var/log/dockerd.log"})`;
    case "images":
      return `Making images from installed programs, nothing is pulled: ${step.images.join(", ")} (docker import)`;
  }
}

/**
 * Whether node_modules holds what the lock file asks for, told by npm's own record of what it installed.
 *
 * @param {string} lockText package-lock.json
 * @param {string | undefined} installedText node_modules/.package-lock.json
 * @returns {boolean}
 */
export function isInStep(lockText, installedText) {
  if (installedText === undefined) return false;
  const wanted = packagesOf(lockText);
  const installed = packagesOf(installedText);
  for (const [path, entry] of wanted) {
    const present = installed.get(path);
    // An optional package that is for another processor or system is rightly not there.
    if (present === undefined ? entry.optional !== true : present.version !== entry.version) return false;
  }
  return [...installed.keys()].every((path) => wanted.has(path));
}

/**
 * npm's own format, as its page "package-lock.json" describes it.
 *
 * @typedef {{ readonly packages?: Readonly<Record<string, { readonly version?: string, readonly optional?: boolean }>> }} Lock
 */
const parseLock = /** @type {(text: string) => Lock} */ (JSON.parse);

/**
 * @param {string} text
 * @returns {ReadonlyMap<string, { readonly version?: string, readonly optional?: boolean }>}
 */
function packagesOf(text) {
  try {
    const lock = parseLock(text);
    return new Map(Object.entries(lock.packages ?? {}).filter(([path]) => path !== ""));
  } catch {
    return new Map();
  }
}
