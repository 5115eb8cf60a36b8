import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { HecdEvent } from "../../../src/core/events/event.js";
import { openCfgServer } from "../../../src/edges/cfg/cfg-server.js";
import type { GivenFiles } from "../../../src/ports.js";
import { makeCertificates, makeServerPem } from "../../support/certificates.js";
import { eventually } from "../../support/eventually.js";
import { ManualClock } from "../../support/manual-clock.js";
import { required } from "../../support/required.js";
import { tempDir } from "../../support/temp-dir.js";

const files: GivenFiles = {
  find: async () => ({ kind: "found", text: "global\n", isPublic: true, format: undefined }),
};

/** A server with a certificate of `one.example`, which the test may replace. */
async function world() {
  const directory = await tempDir();
  const clock = new ManualClock();
  const told: HecdEvent[] = [];
  await makeCertificates(directory.path);
  const certificate = join(directory.path, "server.pem");
  await writeFile(certificate, await makeServerPem(directory.path, "one.example"));
  const place = { listen: "127.0.0.1:0", certificate };
  const server = await openCfgServer(place, { files }, { clock, emit: (event) => told.push(event) });
  const [url] = told.flatMap((event) => (event.kind === "listening" ? [event.url] : []));
  const ca = await readFile(join(directory.path, "ca.pem"));
  return {
    ...{ directory: directory.path, certificate, clock, told, url: required(url, "url") },
    /** What is answered by a server that must have this name. */
    ask: (servername: string): Promise<string> =>
      new Promise((resolve, reject) => {
        request(`${url}/cfg/web`, { ca, servername, agent: false }, (response) => {
          response.setEncoding("utf8").on("data", resolve);
        })
          .once("error", reject)
          .end();
      }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      expect(clock.pending).toBe(0);
      await directory[Symbol.asyncDispose]();
    },
  };
}

describe.concurrent("the server of files", () => {
  test("speaks TLS by its certificate, and serves nothing else", async () => {
    await using there = await world();
    expect(there.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(await there.ask("one.example")).toBe("global\n");
    await expect(there.ask("two.example")).rejects.toThrow(/altnames/);
    const { stdout } = await promisify(execFile)("curl", ["-sk", "-w", "%{http_code}", `${there.url}/state`]);
    expect(stdout).toBe("Ask for /cfg/NAME\n404");
  });

  test("follows a certificate that is renewed, and keeps it when the next one cannot be used", async () => {
    await using there = await world();
    await eventually("the first look", () => there.clock.pending === 1);
    await writeFile(there.certificate, await makeServerPem(there.directory, "two.example"));
    await there.clock.advance(60_000);
    await eventually(
      "the new certificate",
      async () => (await there.ask("two.example").catch(() => "")) === "global\n",
    );
    await eventually("the next look", () => there.clock.pending === 1);
    await writeFile(there.certificate, "nothing");
    await there.clock.advance(60_000);
    await eventually("a word", () => there.told.some(({ kind }) => kind === "advice"));
    expect(await there.ask("two.example")).toBe("global\n");
  });

  test("does not begin with a certificate that cannot be used, and keeps its text to itself", async () => {
    await using directory = await tempDir();
    const certificate = join(directory.path, "server.pem");
    await writeFile(certificate, "secret words");
    const place = { listen: "127.0.0.1:0", certificate };
    const opening = openCfgServer(place, { files }, { clock: new ManualClock(), emit: () => undefined });
    await expect(opening).rejects.toThrow(`Cannot use --cfg-cert ${certificate}`);
    await opening.catch((error: unknown) => {
      expect(String(error)).not.toContain("secret");
    });
  });
});
