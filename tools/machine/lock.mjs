import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { Obstacle } from "./program.mjs";

const WAIT_MS = 15 * 60_000;

/**
 * Runs `work` while no other process runs its own under the same name; a lock that a dead process left is taken over.
 *
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function alone(name, work) {
  const path = join(tmpdir(), `${name}.lock`);
  const deadline = performance.now() + WAIT_MS;
  let told = false;
  while (!take(path)) {
    const holder = holderOf(path);
    if (holder !== undefined && !isAlive(holder)) {
      takeAway(path, holder);
      continue;
    }
    if (performance.now() > deadline) throw new Obstacle(`Process ${holder ?? "?"} still holds ${path}`);
    if (!told) console.log(`==> Waiting for process ${holder ?? "?"}, which does the same (${path})`);
    told = true;
    await delay(200);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/**
 * @param {string} path
 * @returns {boolean}
 */
function take(path) {
  // Written beside and linked, so that a lock never exists without its holder's number in it.
  const own = `${path}.${process.pid}`;
  writeFileSync(own, `${process.pid}\n`);
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/**
 * Removes the lock of a dead process, and only that: another one that waits may have replaced it in the meantime.
 *
 * @param {string} path
 * @param {number} dead
 */
function takeAway(path, dead) {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    if (holderOf(aside) !== dead) linkSync(aside, path);
  } catch {
    // Somebody else was quicker.
  } finally {
    rmSync(aside, { force: true });
  }
}

/**
 * The process id in a lock file; undefined when it is gone.
 *
 * @param {string} path
 * @returns {number | undefined}
 */
function holderOf(path) {
  try {
    return Number.parseInt(readFileSync(path, "utf8"), 10) || undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {number} pid
 * @returns {boolean}
 */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
