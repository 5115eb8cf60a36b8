import { spawn } from "node:child_process";
import { openSync, readFileSync, rmSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { askEngine } from "./facts.mjs";
import { must, Obstacle, PATH, tail } from "./program.mjs";

const LOG = "/var/log/dockerd.log";

/** Where the engine and its containerd leave their process ids; a number that belongs to another program by now keeps them from starting. */
const PID_FILES = [
  { path: "/var/run/docker.pid", program: "dockerd" },
  { path: "/var/run/docker/containerd/containerd.pid", program: "containerd" },
];

/** How long an engine may take to answer; the first start of a slow machine is the longest. */
const START_MS = 60_000;

/**
 * Starts the Docker engine of this machine and waits until it answers. It outlives this process.
 *
 * @param {"systemctl" | "dockerd"} by
 * @returns {Promise<void>}
 */
export async function startEngine(by) {
  if (by === "systemctl") {
    await must("systemctl", ["start", "docker"]);
    await answering(
      () => "see: journalctl -u docker",
      () => true,
    );
    return;
  }
  if (removeStalePids().includes("dockerd")) {
    await answering(
      () => "a dockerd runs but does not answer",
      () => true,
    );
    return;
  }
  const log = openSync(LOG, "a");
  const child = spawn("dockerd", [], { detached: true, stdio: ["ignore", log, log], env: { ...process.env, PATH } });
  let failed = "";
  child.once("error", (error) => (failed = error.message));
  child.once("exit", () => (failed ||= "it ended"));
  child.unref();
  await answering(
    () => `${failed}\n${tail(readFileSync(LOG, "utf8"))}`,
    () => failed === "",
  );
}

/**
 * @param {() => string} explain
 * @param {() => boolean} goesOn
 */
async function answering(explain, goesOn) {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline && goesOn()) {
    if ((await askEngine()).kind === "answers") return;
    await delay(100);
  }
  throw new Obstacle(`The Docker engine did not start: ${explain()}`);
}

/**
 * Removes the files of processes that are gone or were never the program's; returns the programs that do run.
 *
 * @returns {readonly string[]}
 */
function removeStalePids() {
  return PID_FILES.filter(({ path, program }) => {
    try {
      const pid = readFileSync(path, "utf8").trim();
      if (commandOf(pid) === program) return true;
      rmSync(path);
    } catch {
      // No file: nothing ever ran, or it ended in order.
    }
    return false;
  }).map(({ program }) => program);
}

/**
 * @param {string} pid
 * @returns {string | undefined}
 */
function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return undefined;
  }
}
