import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { isFirstOf, listensBeside } from "../../../src/edges/host/container-process.js";
import { eventually } from "../../support/eventually.js";
import { numberOf } from "../../support/required.js";

const ID = "ab".repeat(32);

const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A process whose parent was started with an argument, as whoever minds a container is; resolves to its number. */
async function minded(argument: string): Promise<number> {
  const child = spawn("sh", ["-c", "sleep 60 & echo $!; wait", "minder", "-id", argument], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  const pid = numberOf(said.toString().trim(), "process");
  ends.push(() => {
    child.kill("SIGKILL");
    process.kill(pid, "SIGKILL");
  });
  return pid;
}

test("the first process of a container is known by whoever minds it", async () => {
  const pid = await minded(ID);
  expect([isFirstOf(ID, pid), isFirstOf("cd".repeat(32), pid), isFirstOf(ID.slice(1), pid)]).toEqual([
    true,
    false,
    false,
  ]);
});

test("a process that there is not, or that has no parent here, is the first one of no container", () => {
  expect([isFirstOf(ID, 2 ** 30), isFirstOf(ID, 1)]).toEqual([false, false]);
});

test("who listens in the network of a process is known by the port, until he does no more", async () => {
  const server = createServer().listen(0, "0.0.0.0");
  ends.push(() => server.close());
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  expect(await listensBeside(process.pid, port)).toBe(true);
  server.close();
  await eventually("nobody", async () => !(await listensBeside(process.pid, port)));
});

test("nobody listens in the network of a process that there is not", async () => {
  expect(await listensBeside(2 ** 30, 80)).toBe(false);
});
