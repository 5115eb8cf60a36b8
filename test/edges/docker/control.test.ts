import { chmod, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { launch } from "../../../src/edges/docker/control.js";
import { tempDir } from "../../support/temp-dir.js";

const ID = "a1".repeat(32);
const HERE = { url: "unix:///run/docker.sock", tls: false, certPath: undefined };
const WEB = { image: "web", options: ["--name", "x y"], command: ["sleep", "5"] };
const signal = new AbortController().signal;

let directory: Awaited<ReturnType<typeof tempDir>>;

beforeEach(async () => {
  directory = await tempDir();
  vi.stubEnv("PATH", `${directory.path}:${process.env["PATH"] ?? ""}`);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await directory[Symbol.asyncDispose]();
});

/** Puts a `docker` first in the path, whose arguments go to stderr, each in a line of its own. */
async function dockerIs(script: string): Promise<PassThrough> {
  const path = join(directory.path, "docker");
  await writeFile(path, `#!/bin/sh\nprintf '%s\\n' "$@" >&2\n${script}\n`);
  await chmod(path, 0o755);
  return new PassThrough();
}

describe("Docker's own command line", () => {
  test("gets the options before the image and the command behind it, and names the container", async () => {
    const progress = await dockerIs(`echo 'a warning'; echo ${ID}`);
    expect(await launch(WEB, HERE, progress, signal)).toBe(ID);
    expect(String(progress.read()).trim().split("\n")).toEqual([
      ...["-H", "unix:///run/docker.sock", "run", "-d", "-P", "--name", "x y", "web", "sleep", "5"],
    ]);
  });

  test.each([
    [{ url: "tcp://h:2376", tls: true, certPath: "/certs" }, "tcp://h:2376", "/certs"],
    [{ url: "https://h:2376", tls: false, certPath: undefined }, "tcp://h:2376", join(homedir(), ".docker")],
  ])("speaks TLS where HECD does: %j", async (connection, url, certificates) => {
    const progress = await dockerIs(`echo ${ID}`);
    await launch(WEB, connection, progress, signal);
    expect(String(progress.read()).split("\n").slice(0, 9)).toEqual([
      ...["-H", url, "--tlsverify", "--tlscacert", `${certificates}/ca.pem`],
      ...["--tlscert", `${certificates}/cert.pem`, "--tlskey", `${certificates}/key.pem`],
    ]);
  });

  test("asks the context that HECD does", async () => {
    const progress = await dockerIs(`echo ${ID}`);
    const context = { url: "context:prod", tls: false, certPath: undefined, configPath: "/etc/docker-cli" };
    await launch(WEB, context, progress, signal);
    expect(String(progress.read()).split("\n").slice(0, 5)).toEqual([
      ...["--config", "/etc/docker-cli", "--context", "prod", "run"],
    ]);
  });

  test("is told to have failed by its exit code, without what a container was to keep to itself, or when it names none", async () => {
    const secret = { ...WEB, options: ["-e", "PASSWORD=hunter2"], command: ["serve", "--token=hunter2"] };
    const failure: unknown = await launch(secret, HERE, await dockerIs("exit 125"), signal).catch((e: unknown) => e);
    expect(String(failure)).toContain('Command "docker run web" ended with exit code 125');
    expect(String(failure)).not.toContain("hunter2");
    await expect(launch(WEB, HERE, await dockerIs("echo hello"), signal)).rejects.toThrow("printed no container id");
  });

  test("is said to be missing where it is", async () => {
    vi.stubEnv("PATH", directory.path);
    await expect(launch(WEB, HERE, new PassThrough(), signal)).rejects.toThrow("there is no docker command here");
  });

  test("is ended when nobody wants it any more", async () => {
    const progress = await dockerIs("exec sleep 60");
    const stop = new AbortController();
    const launching = launch(WEB, HERE, progress, stop.signal);
    progress.once("data", () => {
      stop.abort(new Error("received SIGINT"));
    });
    await expect(launching).rejects.toThrow("received SIGINT");
  });
});
