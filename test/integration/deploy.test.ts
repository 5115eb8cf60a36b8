import { mkdir, copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { composeCommand, PROJECT } from "../../tools/machine/facts.mjs";
import { must, run } from "../../tools/machine/program.mjs";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { tempDir } from "../support/temp-dir.js";

const IMAGE = "hecd-test/hecd";
/** A base with Node, HAProxy, and npm's cache of all that the lock file names. */
const BASE = "hecd-test/npm";

const docker = (...args: readonly string[]): Promise<string> => must("docker", args, { env: { DOCKER_BUILDKIT: "0" } });

beforeAll(async () => {
  // What the build would download is downloaded here, by the npm of this machine, which knows how to reach a registry.
  await using scratch = await tempDir();
  const project = join(scratch.path, "project");
  const cache = join(scratch.path, "cache");
  await mkdir(join(project, "tools/package/node"), { recursive: true });
  for (const name of ["package.json", "package-lock.json", ".npmrc", "tools/package/node/package.json"]) {
    await copyFile(`${PROJECT}${name}`, join(project, name));
  }
  await must("npm", ["ci", "--ignore-scripts", "--workspaces=false", "--cache", cache], { cwd: project });
  const registry = (await must("npm", ["config", "get", "registry"])).trim();
  await writeFile(join(scratch.path, ".dockerignore"), "project\n");
  await writeFile(
    join(scratch.path, "Dockerfile"),
    `FROM hecd-test/node\nCOPY cache /root/.npm\nENV npm_config_offline=true npm_config_registry=${registry}\n`,
  );
  await docker("build", "--quiet", "--force-rm", "--tag", BASE, scratch.path);
  await docker(
    "build",
    "--quiet",
    "--force-rm",
    "--network",
    "none",
    "--build-arg",
    `BASE=${BASE}`,
    "--tag",
    IMAGE,
    PROJECT,
  );
}, 300_000);

afterAll(async () => {
  await run("docker", ["image", "rm", "--force", IMAGE, BASE]);
  await run("docker", ["image", "prune", "--force", "--filter", "label=hecd.stage=build"]);
});

describe("the image", () => {
  const inImage = (...args: readonly string[]): Promise<string> => docker("run", "--rm", "--network", "none", ...args);

  test("is the command hecd", async () => {
    expect(await inImage(IMAGE, "agent", "--help")).toMatch(/Usage: hecd agent/);
    expect(await inImage(IMAGE, "--version")).toMatch(/^hecd \d/);
  });

  test("runs as a user who is not root", async () => {
    expect((await inImage("--entrypoint", "id", IMAGE, "-u")).trim()).toBe("10001");
  });

  test("has nothing in it but what runs: neither packages of npm nor sources", async () => {
    expect((await inImage("--entrypoint", "ls", IMAGE)).split("\n").filter(Boolean).sort()).toEqual([
      "dist",
      "health.mjs",
      "package.json",
      "templates",
    ]);
  });

  test("has both daemons, hecd up and confd, each of which runs on a root that cannot be written to", async () => {
    for (const program of ["hecd", "confd"]) {
      const args = ["--read-only", "--entrypoint", "node", IMAGE, `/opt/hecd/dist/${program}.js`, "--help"];
      expect(await must("sh", ["-c", 'docker run --rm --network none "$@" 2>&1', "sh", ...args])).toMatch(/^Usage/m);
    }
    for (const command of ["agent", "render", "up"]) {
      expect(await inImage("--read-only", IMAGE, command, "--help")).toMatch(/^Usage: hecd /);
    }
  });

  test("is healthy where a daemon in it answers, whatever that still waits for", async () => {
    const name = `hecd-test-health-${process.pid}`;
    await docker("run", "--detach", "--name", name, "--read-only", "--network", "none", IMAGE, "render");
    try {
      const health = async (): Promise<string> => docker("inspect", "--format", "{{.State.Health.Status}}", name);
      await eventually("a healthy renderer", async () => (await health()).trim() === "healthy", 30_000, 200);
    } finally {
      await docker("rm", "--force", name);
    }
  });

  test("starts HAProxy with a configuration that is valid, until there is a better one", async () => {
    const check = ["-c", "-f", "/etc/haproxy/haproxy.cfg"];
    expect(await inImage("--entrypoint", "haproxy", IMAGE, ...check)).toMatch(/Configuration file is valid/);
  });
});

describe("the compose file", () => {
  test("serves web in three containers, and in as many as it is scaled to", async () => {
    await using stack = await startStack();
    await eventually("three containers that answer", async () => (await stack.answering(9)).size === 3, 60_000, 200);

    await stack.compose("up", "-d", "--no-recreate", "--scale", "web=1");
    const left = await eventually(
      "one container that answers",
      async () => {
        const answering = await stack.answering(6);
        return answering.size === 1 && answering;
      },
      30_000,
      200,
    );
    expect([...left]).toEqual([await stack.webHostname()]);
  }, 180_000);
});

interface Stack extends AsyncDisposable {
  compose(...args: readonly string[]): Promise<string>;
  /** Who answered `requests` requests through HAProxy; a request that fails counts as an answer by nobody. */
  answering(requests: number): Promise<ReadonlySet<string>>;
  /** The name of the one container of `web` that is left. */
  webHostname(): Promise<string>;
}

/** The whole line of deploy/compose.yaml, made of local images; everything of it is removed when it is disposed. */
async function startStack(): Promise<Stack> {
  const command = await composeCommand();
  if (!command) throw new Error("Docker Compose is not installed");
  const [program, ...first] = command;
  const port = await freePort();
  const env = {
    HECD_IMAGE: IMAGE,
    ETCD_IMAGE: "hecd-test/etcd",
    WEB_IMAGE: "hecd-test/web",
    WEB_PORT: "8080",
    HTTP_PORT: String(port),
    ETCD_PORT: String(await freePort()),
    AGENT_LISTEN: `127.0.0.1:${await freePort()}`,
  };
  const project = ["--project-name", `hecd-test-${process.pid}`, "--file", `${PROJECT}deploy/compose.yaml`];
  const compose = (...args: readonly string[]): Promise<string> =>
    must(program, [...first, ...project, ...args], { env });

  const stack: Stack = {
    compose,
    async answering(requests) {
      const names = new Set<string>();
      for (let sent = 0; sent < requests; sent++) names.add(await ask(`http://127.0.0.1:${port}/`));
      return names;
    },
    async webHostname() {
      const id = (await compose("ps", "-q", "web")).trim();
      return (await docker("inspect", "--format", "{{.Config.Hostname}}", id)).trim();
    },
    async [Symbol.asyncDispose]() {
      await compose("down", "--volumes", "--timeout", "5");
    },
  };
  try {
    await compose("up", "-d");
  } catch (error) {
    await stack[Symbol.asyncDispose]();
    throw error;
  }
  return stack;
}

async function ask(url: string): Promise<string> {
  const response = await fetch(url, { headers: { connection: "close" }, signal: AbortSignal.timeout(5_000) });
  const text = await response.text();
  return response.ok ? text.trim() : `status ${response.status}`;
}
