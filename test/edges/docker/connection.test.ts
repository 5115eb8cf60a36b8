import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type DockerConnection, dialOptions, explainUnreachable } from "../../../src/edges/docker/connection.js";
import { tempDir } from "../../support/temp-dir.js";

async function dial(url: string, more: Partial<DockerConnection> = {}): Promise<Record<string, unknown>> {
  const { options } = await dialOptions({ url, tls: false, certPath: undefined, ...more });
  return { ...options };
}

describe("where Docker is", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test.each<[string, Record<string, unknown>]>([
    ["unix:///run/docker.sock", { socketPath: "/run/docker.sock", protocol: "http", host: undefined }],
    ["unix://", { socketPath: "/var/run/docker.sock", protocol: "http" }],
    ["tcp://10.0.0.5", { host: "10.0.0.5", port: 2375, protocol: "http", socketPath: undefined }],
    ["tcp://docker.example.org:99", { host: "docker.example.org", port: 99 }],
    ["tcp://[2001:db8::5]:2375", { host: "2001:db8::5", port: 2375 }],
    ["https://docker:443/", { host: "docker", port: 443, protocol: "https" }],
  ])("is read from %s", async (url, expected) => {
    expect(await dial(url)).toMatchObject(expected);
  });

  test("is never taken from the environment behind our back", async () => {
    vi.stubEnv("DOCKER_HOST", "tcp://elsewhere:1");
    const options = await dial("unix:///run/docker.sock");
    expect(Object.keys(options)).toEqual(expect.arrayContaining(["host", "port", "ca", "cert", "key"]));
    expect(options["host"]).toBeUndefined();
  });

  test("costs docker-modem, which writes out all that it is given for each request, no time for the agent", async () => {
    for (const url of ["unix:///run/docker.sock", "tcp://10.0.0.5"]) {
      expect(inspect(await dial(url), { showHidden: true, depth: null }).length).toBeLessThan(500);
    }
  });

  test("is spoken to by TLS with the certificates of a directory, read anew each time", async () => {
    await using directory = await tempDir();
    for (const name of ["ca", "cert", "key"]) await writeFile(join(directory.path, `${name}.pem`), `${name} 1`);
    const secure = { tls: true, certPath: directory.path };
    expect(await dial("tcp://10.0.0.5", secure)).toMatchObject({
      protocol: "https",
      port: 2376,
      ca: Buffer.from("ca 1"),
    });
    await writeFile(join(directory.path, "ca.pem"), "ca 2");
    expect(await dial("tcp://10.0.0.5", secure)).toMatchObject({ ca: Buffer.from("ca 2") });
  });

  test.each(["tcp://", "tcp://a b", "tcp://user@host", "tcp://host:port", "npipe://x", "tcp://h/path", "ssh://root@h"])(
    "is refused when it cannot be read: %s",
    async (url) => {
      await expect(dial(url)).rejects.toThrow(/must be unix:\/\/PATH, tcp:\/\/HOST:PORT or context:NAME/);
    },
  );

  test("is refused with the file that is missing", async () => {
    await using directory = await tempDir();
    await expect(dial("tcp://10.0.0.5", { tls: true, certPath: directory.path })).rejects.toThrow(
      `Cannot read ${join(directory.path, "ca.pem")}`,
    );
  });
});

describe("an engine that cannot be reached", () => {
  const unix = { url: "unix:///run/docker.sock", tls: false, certPath: undefined };
  test.each([
    ["EACCES", /permission denied on \/run\/docker\.sock; run as a user of the group docker/],
    ["ENOENT", /there is no socket \/run\/docker\.sock/],
    ["ECONNREFUSED", /nobody answers there/],
  ])("by %s says what to do", (code, expected) => {
    expect(explainUnreachable(Object.assign(new Error(`connect ${code}`), { code }), unix)).toMatch(expected);
  });

  test("says when it wants TLS, and else quotes the other side", () => {
    const refused = new Error("(HTTP code 400) - Client sent an HTTP request to an HTTPS server. ");
    expect(explainUnreachable(refused, { ...unix, url: "tcp://h" })).toMatch(/--docker-tls/);
    expect(explainUnreachable(new Error("what it said "), unix)).toBe("what it said");
  });
});
