import { describe, expect, test } from "vitest";
import { lookUp } from "../../../src/edges/docker/lookup.js";
import { systemClock } from "../../../src/flow/clock.js";
import { FakeDocker, idOf } from "../../support/fake-docker.js";

const signal = new AbortController().signal;
const AWAY = { connection: { url: "unix:///nowhere/docker.sock", tls: false, certPath: undefined } };

async function engineOf(name: string, id: string) {
  const docker = await FakeDocker.start();
  docker.containers.set(id, { name, status: "running", startedAt: "2026-01-02T03:04:05Z", hostPort: 32_768 });
  const engine = { connection: { url: docker.url, tls: false, certPath: undefined } };
  return { docker, engine, [Symbol.asyncDispose]: () => docker[Symbol.asyncDispose]() };
}

describe("a look-up at several engines", () => {
  test("finds a container with its engine, and by nothing but GET", async () => {
    await using one = await engineOf("web-1", idOf(1));
    await using two = await engineOf("web-2", idOf(2));
    const found = await lookUp("web-2", [one.engine, two.engine], undefined, systemClock, signal);
    expect(found).toMatchObject({ kind: "found", container: { id: idOf(2), name: "web-2", engine: two.engine } });
    for (const request of [...one.docker.requests, ...two.docker.requests]) expect(request).toMatch(/^GET /);
  });

  test("cannot tell which one is meant by a name that two engines have", async () => {
    await using one = await engineOf("web", idOf(1));
    await using two = await engineOf("web", idOf(2));
    const found = await lookUp("web", [one.engine, two.engine], undefined, systemClock, signal);
    expect(found).toMatchObject({ kind: "ambiguous", candidates: [{ id: idOf(1) }, { id: idOf(2) }] });
  });

  test("finds what is there while another engine is away, and says nothing of what may be at that one", async () => {
    await using one = await engineOf("web-1", idOf(1));
    expect(await lookUp("web-1", [AWAY, one.engine], undefined, systemClock, signal)).toMatchObject({ kind: "found" });
    await expect(lookUp("web-2", [AWAY, one.engine], undefined, systemClock, signal)).rejects.toThrow(
      "Cannot reach Docker at unix:///nowhere/docker.sock: there is no socket",
    );
  });

  test("finds those along with it in whose network it lives, one behind the other, and looks at no more", async () => {
    await using one = await engineOf("web-1", idOf(1));
    const { docker } = one;
    const web = { name: "web-1", status: "running", startedAt: "2026-01-02T03:04:05Z", hostPort: 32_768 };
    docker.containers.set(idOf(2), { ...web, name: "guest", networkMode: `container:${idOf(1)}` });
    docker.containers.set(idOf(3), { ...web, name: "guest-of-guest", networkMode: "container:guest" });
    docker.containers.set(idOf(4), { ...web, name: "other" });
    docker.containers.set(idOf(5), { ...web, name: "circle-1", networkMode: "container:circle-2" });
    docker.containers.set(idOf(6), { ...web, name: "circle-2", networkMode: "container:circle-1" });
    docker.containers.set(idOf(7), { ...web, name: "lost", networkMode: "container:nobody" });
    const others = async (asked: string): Promise<readonly string[]> => {
      const found = await lookUp(asked, [one.engine], undefined, systemClock, signal);
      return found.kind === "found" ? [...found.container.others.values()].map(({ name }) => name) : [found.kind];
    };
    expect(await others("guest-of-guest")).toEqual(["guest", "web-1"]);
    expect(await others("web-1")).toEqual([]);
    expect(await others("circle-1")).toEqual(["circle-2"]);
    expect(await others("lost")).toEqual([]);
    expect(docker.requests).not.toContainEqual(expect.stringContaining(idOf(4)));
  });

  test("finds the container along with it that it is asked from, with the one whose network that one lives in", async () => {
    await using one = await engineOf("web-1", idOf(1));
    const web = { name: "owner", status: "running", startedAt: "2026-01-02T03:04:05Z", hostPort: 32_768 };
    one.docker.containers.set(idOf(2), web);
    one.docker.containers.set(idOf(3), { ...web, name: "agent", networkMode: "container:owner" });
    one.docker.containers.set(idOf(4), { ...web, name: "guest", networkMode: "container:owner" });
    const others = async (asked: string, own: string): Promise<readonly string[]> => {
      const found = await lookUp(asked, [one.engine], own, systemClock, signal);
      return found.kind === "found" ? [...found.container.others.values()].map(({ name }) => name) : [found.kind];
    };
    expect(await others("web-1", idOf(3))).toEqual(["agent", "owner"]);
    expect(await others("guest", idOf(3))).toEqual(["agent", "owner"]);
    expect(await others("agent", idOf(3))).toEqual(["owner"]);
    expect(await others("web-1", idOf(9))).toEqual([]);
  });

  test("finds all along with it that may be in its pod", async () => {
    await using one = await engineOf("web-1", idOf(1));
    const { docker } = one;
    docker.isPodman = true;
    const web = { name: "0123456789ab-infra", status: "running", startedAt: "2026-01-02T03:04:05Z", hostPort: 32_768 };
    docker.containers.set(idOf(2), web);
    docker.containers.set(idOf(3), { ...web, name: "app", networkMode: `container:${idOf(2)}` });
    docker.containers.set(idOf(4), { ...web, name: "side", networkMode: `container:${idOf(2)}` });
    const found = await lookUp("app", [one.engine], undefined, systemClock, signal);
    const others = found.kind === "found" ? [...found.container.others.keys()] : [];
    expect(others.sort()).toEqual([idOf(1), idOf(2), idOf(4)]);
  });

  test("says why the container that it has found cannot be looked at", async () => {
    await using one = await engineOf("web-1", idOf(1));
    one.docker.intercept = (path, response) => {
      if (!path.includes(idOf(1))) return false;
      response.writeHead(200).end("{}");
      return true;
    };
    await expect(lookUp("web-1", [one.engine], undefined, systemClock, signal)).rejects.toMatchObject({
      fault: { code: "container-unseen", name: "web-1", because: { reason: "unreadable" } },
    });
  });

  test.each([
    [
      403,
      "{}",
      /^Cannot work with Docker at .*: the list of containers was refused: .*; let the proxy before it answer GET /,
    ],
    [200, "{}", /^Cannot work with Docker at .*: Docker's list of containers is not what it should be: /],
  ])("says what an engine that answers with %d %s does not answer", async (status, body, message) => {
    await using one = await engineOf("web-1", idOf(1));
    one.docker.intercept = (path, response) => {
      if (path !== "/containers/json") return false;
      response.writeHead(status, { "content-type": "application/json" }).end(body);
      return true;
    };
    await expect(lookUp("web-1", [one.engine], undefined, systemClock, signal)).rejects.toThrow(message);
  });

  test("does not find a container that goes while it is looked at", async () => {
    await using one = await engineOf("web-1", idOf(1));
    one.docker.lagging = new Map(one.docker.containers);
    one.docker.containers.clear();
    expect(await lookUp("web-1", [one.engine], undefined, systemClock, signal)).toEqual({ kind: "unknown", near: [] });
  });
});
