import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { carriedFiles } from "../../src/haproxy/config/maps.js";
import { NO_STATES } from "../../src/haproxy/runtime/state-file.js";
import { eventually } from "./eventually.js";
import { HAPROXY } from "./haproxy-binary.js";
import { matched } from "./required.js";
import { tempDir } from "./temp-dir.js";

const run = promisify(execFile);

/** What the real `haproxy -c` says of a configuration, a warning being a refusal; undefined when it has nothing to say. */
export async function objectionsTo(config: string): Promise<string | undefined> {
  await using dir = await tempDir();
  const path = join(dir.path, "haproxy.cfg");
  // HECD makes the state file before the first check; HAProxy 2.6 warns where there is none.
  const states = join(dir.path, "states");
  await writeFile(states, NO_STATES);
  await writeFile(path, config.replace(/^( *server-state-file ).*$/m, `$1${states}`));
  for (const { name, text } of carriedFiles(config)) await writeFile(join(dir.path, name), text);
  try {
    await run(HAPROXY, ["-c", "-dW", "-f", path]);
    return undefined;
  } catch (error) {
    return error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
  }
}

/** The version of the HAProxy that tests start, such as 3.2.26. */
export async function haproxyVersion(): Promise<string> {
  return matched(/^HAProxy version ([0-9.]+)/, (await run(HAPROXY, ["-v"])).stdout, "version of HAProxy");
}

/** A real HAProxy on a configuration that has it listen at `admin.sock` in `dir`; gone when it is disposed. */
export async function runHaproxy(config: (dir: string) => string): Promise<AsyncDisposable> {
  const dir = await tempDir();
  const path = join(dir.path, "haproxy.cfg");
  const text = config(dir.path);
  await writeFile(path, text);
  for (const file of carriedFiles(text)) await writeFile(join(dir.path, file.name), file.text);
  const child = spawn(HAPROXY, ["-db", "-f", path], { stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
    await dir[Symbol.asyncDispose]();
  };
  try {
    await eventually("HAProxy's start", () => {
      if (child.exitCode !== null) throw new Error(output);
      return existsSync(join(dir.path, "admin.sock"));
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { [Symbol.asyncDispose]: stop };
}
