import { spawn } from "node:child_process";
import { run } from "./program.mjs";

/**
 * A program with its arguments, and what to call it.
 *
 * @typedef {{ readonly name: string, readonly program: string, readonly args: readonly string[] }} Lane
 */

/**
 * Runs programs side by side: the first one shows what it prints as it prints it, the others when it is their turn.
 *
 * Resolves to the names of those that failed, when all have ended.
 *
 * @param {readonly Lane[]} lanes
 * @param {(text: string) => void} print
 * @returns {Promise<readonly string[]>}
 */
export async function sideBySide([first, ...others], print) {
  if (!first) return [];
  const collected = others.map((lane) => run(lane.program, lane.args));
  print(`==> ${first.name}${others.map(({ name }) => `; side by side, and shown below: ${name}`).join("")}\n`);
  const failed = (await shown(first)) ? [] : [first.name];
  for (const [index, lane] of others.entries()) {
    print(`==> ${lane.name}\n`);
    const { code, stdout, stderr } = (await collected[index]) ?? { code: null, stdout: "", stderr: "" };
    print(`${stdout}${stderr}`);
    if (code !== 0) failed.push(lane.name);
  }
  return failed;
}

/**
 * Runs a program that prints where this one does; resolves to whether it succeeded.
 *
 * @param {Lane} lane
 * @returns {Promise<boolean>}
 */
function shown({ program, args }) {
  return new Promise((resolve) => {
    const child = spawn(program, [...args], { stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", (error) => {
      console.error(error.message);
      resolve(false);
    });
    child.once("close", (code) => {
      resolve(code === 0);
    });
  });
}
