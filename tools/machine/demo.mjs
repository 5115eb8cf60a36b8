import { get } from "node:http";
import { createServer } from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { isAlive } from "./lock.mjs";
import { must, Obstacle } from "./program.mjs";

/** The containers of the demo; each answers a request with its name. */
export const NAMES = ["hecd-demo-1", "hecd-demo-2", "hecd-demo-3"];

/** Marks the demo's containers and names the process that minds them. */
const LABEL = "hecd.demo";

/**
 * Starts the containers of the demo; those that a killed one left behind are removed before.
 *
 * @returns {Promise<void>}
 */
export async function startContainers() {
  await removeLeftovers();
  const settings = ["--publish-all", "--label", `${LABEL}=${process.pid}`, "--label", "hecd.service=web"];
  for (const name of NAMES) {
    await must("docker", ["run", "--detach", "--name", name, "--hostname", name, ...settings, "hecd-test/web"]);
  }
}

/**
 * Removes the containers of this demo, also those that did not get as far as to run.
 *
 * @returns {Promise<void>}
 */
export async function removeContainers() {
  await remove(await containersOf((pid) => pid === process.pid));
}

async function removeLeftovers() {
  const [other] = await containersOf(isAlive);
  if (other !== undefined)
    throw new Obstacle("Another demo runs on this engine: end it first (docker ps shows hecd-demo-1)");
  await remove(await containersOf((pid) => !isAlive(pid)));
}

/** @param {readonly string[]} ids */
async function remove(ids) {
  if (ids.length > 0) await must("docker", ["rm", "--force", "--volumes", ...ids]);
}

/**
 * @param {(pid: number) => boolean} isMeant
 * @returns {Promise<readonly string[]>}
 */
async function containersOf(isMeant) {
  const format = `{{.ID}} {{.Label "${LABEL}"}}`;
  const listed = await must("docker", ["ps", "--all", "--filter", `label=${LABEL}`, "--format", format]);
  return ownersIn(listed)
    .filter(([, pid]) => isMeant(pid))
    .map(([id]) => id);
}

/**
 * Containers of demos, each with the process that minds it: a line `id pid` of each.
 *
 * @param {string} lines an `Obstacle` names a container whose label holds no process
 * @returns {readonly (readonly [id: string, pid: number])[]}
 */
export function ownersIn(lines) {
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [id = "", pid = ""] = line.split(" ");
      if (!/^[1-9][0-9]*$/.test(pid))
        throw new Obstacle(`The label ${LABEL} of container ${id} names no process: "${pid}"`);
      return [id, Number(pid)];
    });
}

/**
 * Sends requests until every container of the demo has answered one, then `requests` more.
 *
 * @param {number} port where HAProxy listens
 * @param {number} requests
 * @param {number} withinMs an `Obstacle` names the silent ones when they stay so for that long
 * @param {AbortSignal} signal
 * @returns {Promise<ReadonlyMap<string, number>>} how often each one answered the requests that count
 */
export async function askAll(port, requests, withinMs, signal) {
  const silent = new Set(NAMES);
  const deadline = performance.now() + withinMs;
  let last = "no request was answered";
  while (silent.size > 0) {
    if (performance.now() > deadline) {
      throw new Obstacle(
        `No answer from ${[...silent].join(", ")} within ${withinMs / 1_000} s; the last one: ${last}`,
      );
    }
    signal.throwIfAborted();
    last = await ask(port);
    if (!silent.delete(last)) await delay(50);
  }
  /** @type {Map<string, number>} */
  const answers = new Map();
  for (let sent = 0; sent < requests; sent++) {
    const name = await ask(port);
    answers.set(name, (answers.get(name) ?? 0) + 1);
  }
  return answers;
}

/**
 * One request on a connection of its own; resolves to the answer's text, or to why there was none.
 *
 * @param {number} port
 * @returns {Promise<string>}
 */
function ask(port) {
  return new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port, agent: false, timeout: 5_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (/** @type {string} */ part) => (text += part));
      response.once("end", () => {
        resolve(response.statusCode === 200 ? text.trim() : `status ${response.statusCode ?? 0}`);
      });
    });
    request.once("timeout", () => request.destroy(new Error("no answer within 5 s")));
    request.once("error", (error) => {
      resolve(error.message);
    });
  });
}

/**
 * The wanted port when nobody listens there, else one that is free.
 *
 * @param {number} wanted
 * @returns {Promise<number>}
 */
export async function freePort(wanted) {
  return (await tryPort(wanted)) ?? (await tryPort(0)) ?? wanted;
}

/**
 * @param {number} port
 * @returns {Promise<number | undefined>}
 */
function tryPort(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => {
      resolve(undefined);
    });
    server.listen({ port, host: "0.0.0.0", exclusive: true }, () => {
      const address = server.address();
      const given = typeof address === "object" ? address?.port : undefined;
      server.close(() => {
        resolve(given);
      });
    });
  });
}
