// `npm start`: three real containers behind a real HAProxy, followed until Ctrl-C. `-- --once` asks each one and ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { askAll, freePort, removeContainers, startContainers } from "./demo.mjs";
import { PROJECT } from "./facts.mjs";
import { prepare } from "./prepare.mjs";
import { main, must, Obstacle, PATH } from "./program.mjs";

const USAGE = `Usage: npm start -- [--once] [--http-port PORT] [--listen HOST:PORT|off]

  --once              ask every container through HAProxy, print who answered, end
  --http-port PORT    where HAProxy serves (8080, or a free port when that is taken)
  --listen HOST:PORT  where HECD has its page and tells its state (127.0.0.1:9180, or a free port); off for nowhere`;

const REQUESTS = 12;
const READY_MS = 60_000;
/** HECD ends within 5 s of a signal or says why not. */
const STOP_MS = 10_000;

/** @typedef {{ readonly once: boolean, readonly port: number, readonly listen: string }} Options */

await main(async () => {
  const options = await optionsOf(process.argv.slice(2));
  if (typeof options === "number") return options;
  await prepare("start");
  await build();
  return await demo(options);
});

/**
 * @param {readonly string[]} args
 * @returns {Promise<Options | number>}
 */
async function optionsOf(args) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        once: { type: "boolean", default: false },
        "http-port": { type: "string" },
        listen: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      return 0;
    }
    const port = values["http-port"] === undefined ? await freePort(8080) : Number(values["http-port"]);
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new Error("--http-port is a number from 1 to 65535");
    return { once: values.once, port, listen: values.listen ?? `127.0.0.1:${await freePort(9180)}` };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 64;
  }
}

/** Compiles the program when its sources, or what makes it of them, are newer than it. */
async function build() {
  const sources = readdirSync(`${PROJECT}src`, { recursive: true, encoding: "utf8" }).map((name) => `src/${name}`);
  const makers = ["package-lock.json", "tsconfig.json", "tools/bundle.mjs", "tools/etcd-calls.mjs"];
  const changed = [...makers, ...sources].map((name) => statSync(`${PROJECT}${name}`).mtimeMs);
  const built = statSync(`${PROJECT}dist/hecd.js`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (built > Math.max(...changed)) return;
  console.log("==> Compiling (npm run build)");
  await must("npm", ["run", "build"], { cwd: PROJECT });
}

/**
 * @param {Options} options
 * @returns {Promise<number>}
 */
async function demo({ once: onlyOnce, port, listen }) {
  console.log("==> Starting three containers and hecd up");
  const stopping = whenAskedToStop();
  try {
    await startContainers();
    const up = startHecd(port, listen);
    const over = new AbortController();
    try {
      const url = `http://127.0.0.1:${port}/`;
      if (onlyOnce) {
        return await Promise.race([ask(port, url, over.signal), up.exited.then(unexpected), stopping.then(() => 130)]);
      }
      console.log(greeting(url, listen));
      return await Promise.race([up.exited.then(unexpected), stopping.then(() => 0)]);
    } finally {
      over.abort();
      await up.stop();
    }
  } finally {
    await removeContainers();
  }
}

/**
 * @param {number} port
 * @param {string} url
 * @param {AbortSignal} signal
 */
async function ask(port, url, signal) {
  const answers = await askAll(port, REQUESTS, READY_MS, signal);
  console.log(`==> ${REQUESTS} requests to ${url} were answered by`);
  for (const [name, count] of [...answers].sort()) console.log(`    ${name}  ${count} times`);
  return 0;
}

/**
 * @param {string} url
 * @param {string} listen
 */
function greeting(url, listen) {
  const page = listen === "off" ? "" : `The page of HECD shows them, live:   http://${listen}/\n`;
  return `
HAProxy serves three containers on ${url}
${page}Try in another terminal, and watch the table below:

  curl ${url}
  docker stop hecd-demo-2
  docker start hecd-demo-2
  docker run --rm -d -P --label hecd.service=web hecd-test/web

Ctrl-C ends it all.
`;
}

/**
 * @param {string} how
 * @returns {number}
 */
function unexpected(how) {
  throw new Obstacle(`hecd up ${how}, nobody asked it to`);
}

/**
 * Resolves at the first Ctrl-C or SIGTERM; a second one ends this process on the spot.
 *
 * @returns {Promise<void>}
 */
function whenAskedToStop() {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
      process.on(signal, () => {
        if (asked) process.exit(130);
        asked = true;
        console.log("\n==> Ending: hecd up and its HAProxy, then the containers (again to force it)");
        resolve();
      });
    }
  });
}

/**
 * @param {number} port
 * @param {string} listen
 */
function startHecd(port, listen) {
  const args = [`${PROJECT}dist/hecd.js`, "up", "--http-port", String(port), "--listen", listen, "--host-id", "demo"];
  // A process group of its own: a Ctrl-C of the terminal reaches this process only, which then ends things in order.
  const child = spawn(process.execPath, args, {
    detached: true,
    // Containers that run here anyway may be served as well, but the address that is printed leads to those of the demo.
    env: { ...process.env, PATH, HECD_DEFAULT_SERVICE: "web" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const force = () => child.kill("SIGTERM");
  process.once("exit", force);
  const exited = once(child, "exit").then(
    ([code, signal]) => `ended with ${code === null ? String(signal) : `exit code ${String(code)}`}`,
  );
  // Awaited by whoever is interested, which may be nobody by the time it comes.
  exited.catch(() => undefined);
  return {
    exited,
    /** Ends the child, by force when it takes too long. */
    async stop() {
      child.kill("SIGTERM");
      const how = await Promise.race([exited, delay(STOP_MS, undefined, { ref: false })]);
      process.removeListener("exit", force);
      if (how === undefined) {
        child.kill("SIGKILL");
        throw new Obstacle(`hecd up did not end within ${STOP_MS / 1_000} s and was killed`);
      }
      if (how !== "ended with exit code 0") console.error(`hecd up ${how}`);
    },
  };
}
