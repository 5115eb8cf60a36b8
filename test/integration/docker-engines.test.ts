import { expect, test } from "vitest";
import { DockerCli, PrivateDocker } from "../support/docker.js";
import { startEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { FilteringProxy } from "../support/filtering-proxy.js";
import { freePort } from "../support/free-port.js";
import { Hecd, hecd } from "../support/hecd.js";

test("one agent keeps several engines apart, and goes on with those that are there", async () => {
  await using etcd = await startEtcd();
  await using here = new DockerCli();
  await using engine = await PrivateDocker.start();
  await using there = new DockerCli(engine.url);
  await using remote = await FilteringProxy.start(engine.url.replace("unix://", ""));
  const listen = `127.0.0.1:${await freePort()}`;
  const names = ["--filter", "label=hecd.test", "--filter", "name=^engines-"];
  await using agent = new Hecd([
    ...["agent", "--etcd", etcd.endpoint, "--listen", listen, "--ttl", "5s", ...names],
    ...["--host-id", "node1", "--advertise", "10.0.0.1"],
    ...["--docker", here.url, "--docker", `${remote.url}?advertise=10.0.0.5&host-id=node5`],
  ]);
  const ask = async (path: string): Promise<string> => (await fetch(`http://${listen}${path}`)).text();
  const keys = async (): Promise<readonly string[]> => [...(await etcd.keys("/")).keys()];

  await Promise.all([here.web("engines-here"), there.web("engines-there")]);
  await eventually("both containers", async () => {
    const simple = Object.fromEntries(await etcd.keys("/app"));
    expect(simple).toEqual({
      "/app/servers/engines-here": `10.0.0.1:${await here.port("engines-here")}`,
      "/app/servers/engines-there": `10.0.0.5:${await there.port("engines-there")}`,
    });
    return true;
  });
  expect(await keys()).toEqual(expect.arrayContaining(["/hecd/v1/agents/node1", "/hecd/v1/agents/node5"]));
  expect(await ask("/readyz")).toBe("ready\n");
  expect(JSON.parse(await ask("/state"))).toMatchObject({
    state: {
      engines: [
        { docker: here.url, host: "node1", address: "10.0.0.1", containers: [{ name: "engines-here" }] },
        { docker: remote.url, host: "node5", address: "10.0.0.5", containers: [{ name: "engines-there" }] },
      ],
    },
  });
  const metrics = await ask("/metrics");
  expect(metrics).toContain('hecd_containers{host="node1"} 1');
  expect(metrics).toContain('hecd_containers{host="node5"} 1');
  expect(metrics).toContain('hecd_lease_ttl_seconds{host="node5"} 5');
  expect(agent.log).toContain('"msg":"node5: Registered /app/servers/engines-there');

  expect(agent.log).toMatch(/"msg":"node1: Opened lease/);

  await remote[Symbol.asyncDispose]();
  await agent.said(/"msg":"node5: Cannot reach Docker/);
  expect(await ask("/readyz")).toBe("waiting for node5: Docker\n");
  await here.run("rm", "-f", "engines-here");
  await here.web("engines-new");
  await eventually("the new container, and still the one of the engine that is away", async () => {
    expect([...(await etcd.keys("/app")).keys()]).toEqual(["/app/servers/engines-new", "/app/servers/engines-there"]);
    return true;
  });
  expect((await agent.stop()).code).toBe(0);
}, 60_000);

test("hecd up takes one engine, and says so", async () => {
  const { code, stderr } = await hecd(["up", "--docker", "unix:///a.sock,tcp://10.0.0.5:2375"]);
  expect([code, stderr]).toEqual([64, "hecd: hecd up takes one Docker engine; hecd agent takes several\n"]);
});
