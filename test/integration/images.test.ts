import { GenericContainer, Wait } from "testcontainers";
import { describe, expect, test } from "vitest";

describe("the images that are made on this machine", () => {
  test("serve a web page that names its container, and stop as soon as they are asked to", async () => {
    await using web = await new GenericContainer("hecd-test/web")
      .withHostname("a-name")
      .withExposedPorts(8080)
      .withWaitStrategy(Wait.forHttp("/", 8080))
      .start();
    const response = await fetch(`http://${web.getHost()}:${web.getMappedPort(8080)}/`);
    expect([response.status, await response.text()]).toEqual([200, "a-name\n"]);

    const before = performance.now();
    await web.stop({ timeout: 10_000 });
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  test("hold an etcd that keeps what it is told", async () => {
    await using etcd = await new GenericContainer("hecd-test/etcd")
      .withExposedPorts(2379)
      .withWaitStrategy(Wait.forHttp("/health", 2379))
      .start();
    await etcd.exec(["etcdctl", "put", "/app/servers/a", "10.0.0.1:80"]);
    const { output, exitCode } = await etcd.exec(["etcdctl", "get", "--print-value-only", "/app/servers/a"]);
    expect([exitCode, output.trim()]).toEqual([0, "10.0.0.1:80"]);
  });

  test("hold an HAProxy and a Node with npm, for the Dockerfile to build on", async () => {
    await using base = await new GenericContainer("hecd-test/node").withCommand(["sleep", "600"]).start();
    for (const command of [
      ["haproxy", "-v"],
      ["node", "--version"],
      ["npm", "--version"],
    ]) {
      const { exitCode, output } = await base.exec(command);
      expect(exitCode, output).toBe(0);
    }
  });
});
