import { spawn } from "node:child_process";
import { once } from "node:events";
import { get } from "node:http";
import { expect, test } from "vitest";
import { PROJECT } from "../../tools/machine/facts.mjs";
import { must, run } from "../../tools/machine/program.mjs";
import { DockerCli } from "../support/docker.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { Hecd } from "../support/hecd.js";
import { startHaproxy } from "../support/live-haproxy.js";

const START = `${PROJECT}tools/machine/start.mjs`;
const demoContainers = async (): Promise<readonly string[]> =>
  (await must("docker", ["ps", "--all", "--filter", "label=hecd.demo", "--format", "{{.Names}}"]))
    .split("\n")
    .filter((name) => name !== "")
    .sort();

/** A demo that goes on until it is told to stop; killed at the latest when it is disposed. */
async function startDemo(): Promise<AsyncDisposable & { readonly port: number; stop(): Promise<number | null> }> {
  const port = await freePort();
  const child = spawn(process.execPath, [START, "--http-port", String(port), "--listen", "off"], { stdio: "ignore" });
  const exited = once(child, "exit");
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await exited;
    return child.exitCode;
  };
  return {
    port,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

test("the demo asks every container once, says who answered and leaves nothing behind", async () => {
  // What a killed demo leaves: process 2^22 can be none, Linux counts no further.
  const left = ["--detach", "--name", "hecd-demo-2", "--label", "hecd.demo=4194304", "hecd-test/web"];
  await must("docker", ["run", ...left]);

  const { code, stdout, stderr } = await run(process.execPath, [START, "--once"]);
  expect(code, stdout + stderr).toBe(0);
  const counts = [...stdout.matchAll(/^ +hecd-demo-[123] {2}(\d+) times$/gm)].map(([, count]) => Number(count));
  expect(counts).toHaveLength(3);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(12);
  expect(await demoContainers()).toEqual([]);
});

test("the demo follows its containers until it is stopped, and ends in order", async () => {
  await using demo = await startDemo();
  const answers = async (): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${demo.port}/`, { headers: { connection: "close" } });
    return response.text();
  };
  await eventually("the demo to answer", async () => /^hecd-demo-\d$/m.test(await answers()), 60_000, 100);
  expect(await demoContainers()).toEqual(["hecd-demo-1", "hecd-demo-2", "hecd-demo-3"]);

  expect(await demo.stop()).toBe(0);
  expect(await demoContainers()).toEqual([]);
  await expect(answers()).rejects.toThrow("fetch failed");
});

test("the demo says what it takes when it is asked for something else", async () => {
  const { code, stderr } = await run(process.execPath, [START, "--twice"]);
  expect([code, stderr]).toEqual([64, expect.stringMatching(/--twice[\s\S]*Usage: npm start/)]);
});

test("hecd up has a request wait for the only container of a service while that is stopped and started", async () => {
  await using docker = new DockerCli();
  const [name, port] = [`held-${process.pid}`, await freePort()];
  await docker.web(name, "--label", `hecd.service=${name}`, "--label", `hecd.http.host=${name}.example`);
  await using up = new Hecd(["up", "--http-port", String(port), "--listen", "off"]);
  const ask = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { host: `${name}.example` };
      const request = get({ port, agent: false, headers, timeout: 20_000 }, (response) => {
        resolve(response.resume().statusCode ?? 0);
      });
      request.once("timeout", () => request.destroy(new Error("no answer in 20 s")));
      request.once("error", reject);
    });
  await eventually("the container's answer", async () => (await ask()) === 200, 60_000, 200);
  await docker.run("stop", name);
  const answer = ask();
  await docker.run("start", name);
  expect(await answer).toBe(200);
  expect((await up.stop()).code).toBe(0);
  expect(up.log).toContain("Advertises 127.0.0.1 (HAProxy runs on this host)");
  expect(up.log).not.toContain("HAProxy does not run yet");
});

test("hecd up does not begin beside another HAProxy that has its port, which would get half of the requests", async () => {
  await using other = await startHaproxy((port) => `listen other\n  mode http\n  bind 127.0.0.1:${port}\n`);
  await using up = new Hecd(["up", "--http-port", String(other.port), "--listen", "off"]);
  await up.said(/another process holds that port \(haproxy, process \d+\)/);
  expect((await up.ended()).code).not.toBe(0);
});
