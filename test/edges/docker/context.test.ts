import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dialOptions } from "../../../src/edges/docker/connection.js";
import { makeContext } from "../../support/docker-contexts.js";
import { tempDir } from "../../support/temp-dir.js";

let config: Awaited<ReturnType<typeof tempDir>>;

beforeAll(async () => {
  config = await tempDir();
  for (const name of ["ca", "cert", "key"]) await writeFile(join(config.path, `${name}.pem`), name);
  await makeContext(config.path, "rootless", { Host: "unix:///run/user/1000/docker.sock", SkipTLSVerify: false });
  await makeContext(config.path, "plain", { Host: "tcp://10.0.0.5:2375" });
  await makeContext(config.path, "prod", { Host: "tcp://10.0.0.6", SkipTLSVerify: false }, config.path);
  await makeContext(config.path, "by-ssh", { Host: "ssh://root@10.0.0.7" });
  await makeContext(config.path, "trusting", { Host: "tcp://10.0.0.8:2376", SkipTLSVerify: true });
  await makeContext(config.path, "odd", { Host: "npipe:////./pipe/docker" });
  await makeContext(config.path, "kubernetes", {});
});

afterAll(async () => {
  await config[Symbol.asyncDispose]();
});

async function dial(name: string): Promise<Record<string, unknown>> {
  const connection = { url: `context:${name}`, tls: false, certPath: undefined, configPath: config.path };
  return { ...(await dialOptions(connection)).options };
}

describe("a context of Docker's", () => {
  test("leads to its engine, by TLS with the files that it has", async () => {
    expect(await dial("rootless")).toMatchObject({ socketPath: "/run/user/1000/docker.sock", protocol: "http" });
    expect(await dial("plain")).toMatchObject({ host: "10.0.0.5", port: 2375, protocol: "http", ca: undefined });
    expect(await dial("prod")).toMatchObject({
      ...{ host: "10.0.0.6", port: 2376, protocol: "https" },
      ...{ ca: Buffer.from("ca"), cert: Buffer.from("cert"), key: Buffer.from("key") },
    });
  });

  test.each([
    ["prd", "there is no such context; there is prod"],
    ["elsewhere", "there is no such context; there is by-ssh, kubernetes, odd, plain, prod, rootless, trusting"],
    ["by-ssh", "ssh://root@10.0.0.7 is reached by SSH, which HECD does not speak: forward its socket (ssh -L)"],
    ["trusting", "it trusts any engine (SkipTLSVerify): give it the engine's ca.pem"],
    ["odd", "its engine is at npipe:////./pipe/docker, where HECD cannot ask"],
    ["kubernetes", "meta.json names no Docker engine"],
  ])("is refused where it leads nowhere: %s", async (name, words) => {
    await expect(dial(name)).rejects.toThrow(words);
    await expect(dial(name)).rejects.toThrow(`Cannot use the Docker context ${name}:`);
  });

  test("is not found where Docker has none", async () => {
    const connection = { url: "context:prod", tls: false, certPath: undefined, configPath: join(config.path, "none") };
    await expect(dialOptions(connection)).rejects.toThrow(`there is none in ${join(config.path, "none/contexts")}`);
  });
});
