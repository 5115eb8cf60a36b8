import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AgentWorld } from "../support/agent-world.js";
import { makeCertificates } from "../support/certificates.js";
import { tempDir } from "../support/temp-dir.js";

const TRAEFIK = "traefik.http.services.checks.loadbalancer";

let world: AgentWorld;
let certificates: Awaited<ReturnType<typeof tempDir>>;

beforeAll(async () => {
  world = await AgentWorld.start("checks");
  certificates = await tempDir();
  await makeCertificates(certificates.path);
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await certificates[Symbol.asyncDispose]();
});

/** Starts a container that speaks HTTPS alone, by a certificate of an authority that nobody knows. */
async function secure(name: string, ...labels: readonly string[]): Promise<void> {
  const read = (file: string): string => `require("fs").readFileSync("/certificates/${file}")`;
  const options = `{ key: ${read("engine-key.pem")}, cert: ${read("engine.pem")} }`;
  const server = `require("https").createServer(${options}, (_, answer) => answer.end()).listen(8080)`;
  const flags = ["-d", "-p", "8080", "-v", `${certificates.path}:/certificates:ro`, "--name", world.full(name)];
  const said = [`hecd.test=${world.name}`, ...labels].flatMap((label) => ["--label", label]);
  world.docker.minds(world.full(name));
  await world.docker.run("run", ...flags, ...said, "hecd-test/node", "node", "-e", server);
}

describe("a container that speaks TLS alone", () => {
  test("is registered by a check that does too, and by no other, which is told to be answered badly", async () => {
    const agent = world.agent(["--probe", "off"]);
    await agent.said(/docker-connected/);
    await secure("ours", "hecd.scheme=https", "hecd.check.path=/");
    await secure(
      "traefik",
      `${TRAEFIK}.server.port=8080`,
      `${TRAEFIK}.server.scheme=https`,
      `${TRAEFIK}.healthcheck.path=/`,
    );
    await secure("doubted", "hecd.scheme=https", "hecd.check.path=/", "hecd.check.verify=true");
    await secure("plain", "hecd.check.path=/");
    await agent.said(/probe-waits.*"container":"checks-doubted".*https:.*certificate/, 30_000);
    await agent.said(/probe-waits.*"container":"checks-plain".*http:/, 30_000);
    await world.becomes({ ours: await world.addr("ours"), traefik: await world.addr("traefik") });
    for (const name of ["doubted", "plain"]) expect(await world.reason(name)).toBe("answers-badly");
  });
});
