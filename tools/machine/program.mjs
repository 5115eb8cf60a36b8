import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * How a program has ended: `code` is null when it could not be started or was killed.
 *
 * @typedef {{ readonly code: number | null, readonly stdout: string, readonly stderr: string }} Ended
 */

/** Directories of system programs, which an ordinary user's PATH does not name. */
const SYSTEM = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** This process's PATH, with the directories of system programs at its end. */
export const PATH = [...(process.env["PATH"] ?? "").split(delimiter), ...SYSTEM].join(delimiter);

/**
 * Where a program is found; undefined when it is not installed.
 *
 * @param {string} name
 * @returns {string | undefined}
 */
export function find(name) {
  return PATH.split(delimiter)
    .filter((directory) => directory !== "")
    .map((directory) => join(directory, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * Runs a program without a shell, a terminal or input; resolves, never rejects, when it has ended.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ readonly env?: Readonly<Record<string, string>>, readonly cwd?: string }} [options]
 * @returns {Promise<Ended>}
 */
export function run(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, [...args], {
      cwd: options.cwd,
      env: { ...process.env, PATH, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ text) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (/** @type {string} */ text) => (stderr += text));
    child.once("error", (error) => {
      resolve({ code: null, stdout, stderr: stderr + error.message });
    });
    child.once("close", (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

/** What stands in the way of a person: a message to be printed as it is, without a stack. */
export class Obstacle extends Error {
  /** @override */
  name = "Obstacle";
}

/**
 * Runs a program that has to succeed and resolves to what it printed; an `Obstacle` quotes its last words.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ readonly env?: Readonly<Record<string, string>>, readonly cwd?: string }} [options]
 * @returns {Promise<string>}
 */
export async function must(program, args, options = {}) {
  const { code, stdout, stderr } = await run(program, args, options);
  if (code === 0) return stdout;
  const how = code === null ? "could not be run" : `ended with exit code ${code}`;
  throw new Obstacle(`Command "${[program, ...args].join(" ")}" ${how}:\n${tail(`${stdout}\n${stderr}`)}`);
}

/**
 * The last lines of a text, for messages that quote a program or its log.
 *
 * @param {string} text
 * @returns {string}
 */
export function tail(text) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.length === 0 ? "  (it said nothing)" : lines.slice(-30).join("\n");
}

/**
 * Runs the body of a script: its exit code is what the body returns, 1 after an obstacle has been told.
 *
 * @param {() => Promise<number>} body
 * @returns {Promise<void>}
 */
export async function main(body) {
  try {
    process.exitCode = await body();
  } catch (error) {
    if (!(error instanceof Obstacle)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
