import { existsSync, readFileSync } from "node:fs";
import { get } from "node:http";
import { imagesFor, staleAmong } from "./images.mjs";
import { isInStep } from "./plan.mjs";
import { find, run } from "./program.mjs";
import { fileURLToPath } from "node:url";

/** @typedef {import("./plan.mjs").Engine} Engine */
/** @typedef {import("./plan.mjs").Facts} Facts */
/** @typedef {import("./plan.mjs").Program} Program */

/** The root directory of the project. */
export const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** Where a Docker engine listens when nobody says otherwise. */
export const SOCKET = "/var/run/docker.sock";

/**
 * Looks at the machine; changes nothing.
 *
 * @param {import("./plan.mjs").Purpose} purpose
 * @returns {Promise<Facts>}
 */
export async function look(purpose) {
  const engine = await askEngine();
  const programs = await installed();
  const images = imagesFor(purpose);
  return {
    purpose,
    root: process.getuid?.() === 0,
    aptGet: find("apt-get") !== undefined,
    systemd: existsSync("/run/systemd/system"),
    cgroups: existsSync("/sys/fs/cgroup/cgroup.controllers") || existsSync("/sys/fs/cgroup/memory"),
    npmInStep: isInStep(readFileSync(`${PROJECT}package-lock.json`, "utf8"), textOf("node_modules/.package-lock.json")),
    programs,
    engine,
    staleImages: engine.kind === "answers" && programs.has("docker") ? await staleAmong(images) : images,
  };
}

/**
 * Asks the Docker engine whether it is there, without needing a client for the local one.
 *
 * @returns {Promise<Engine>}
 */
export async function askEngine() {
  const url = process.env["DOCKER_HOST"] ?? "";
  if (url !== "" && !url.startsWith("unix://")) {
    if (find("docker") === undefined) return { kind: "elsewhere", url, reason: "the client docker is not installed" };
    const { code, stderr } = await run("docker", ["version", "--format", "{{.Server.Version}}"]);
    return code === 0 ? { kind: "answers" } : { kind: "elsewhere", url, reason: stderr.trim() };
  }
  const socket = url === "" ? SOCKET : url.slice("unix://".length);
  const failure = await ping(socket);
  if (failure === undefined) return { kind: "answers" };
  if (failure.code === "EACCES") return { kind: "denied", reason: failure.message };
  return url === "" ? { kind: "silent", reason: failure.message } : { kind: "elsewhere", url, reason: failure.message };
}

/**
 * @param {string} socketPath
 * @returns {Promise<{ readonly code: string, readonly message: string } | undefined>}
 */
function ping(socketPath) {
  return new Promise((resolve) => {
    const request = get({ socketPath, path: "/_ping", timeout: 5_000 }, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(status === 200 ? undefined : { code: "HTTP", message: `${socketPath} answers with status ${status}` });
    });
    request.once("timeout", () => request.destroy(new Error(`${socketPath} does not answer within 5 s`)));
    request.once("error", (error) => {
      resolve({ code: "code" in error ? String(error.code) : "", message: error.message });
    });
  });
}

/** @returns {Promise<ReadonlySet<Program>>} */
async function installed() {
  /** @type {readonly Program[]} */
  const plain = [
    "haproxy",
    "docker",
    "dockerd",
    "iptables",
    "etcd",
    "etcdctl",
    "ip",
    "nginx",
    "curl",
    "keepalived",
    "pebble",
    "promtool",
    "redis-server",
    "redis-cli",
    "systemd-analyze",
    "mmdebstrap",
    "systemd-nspawn",
    "lintian",
    "chromium",
  ];
  /** @type {Set<Program>} */
  const found = new Set(plain.filter((name) => find(name) !== undefined));
  // A busybox may have been built without the web server, as the one in some initial RAM disks is.
  if (find("busybox") !== undefined && /^httpd$/m.test((await run("busybox", ["--list"])).stdout)) found.add("busybox");
  if (existsSync("/usr/share/java/zookeeper.jar") && find("java") !== undefined) found.add("zookeeper");
  if ((await composeCommand()) !== undefined) found.add("compose");
  return found;
}

/**
 * How Docker Compose is called on this machine: its first version or the client's plug-in; undefined when it has none.
 *
 * @returns {Promise<readonly [string, ...string[]] | undefined>}
 */
export async function composeCommand() {
  if (find("docker-compose") !== undefined) return ["docker-compose"];
  return (await run("docker", ["compose", "version"])).code === 0 ? ["docker", "compose"] : undefined;
}

/**
 * @param {string} path
 * @returns {string | undefined}
 */
function textOf(path) {
  try {
    return readFileSync(`${PROJECT}${path}`, "utf8");
  } catch {
    return undefined;
  }
}
