import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DockerCli, PrivateDocker } from "../support/docker.js";
import {
  DEFAULT_NETWORK,
  FILTERS_BY_PORT,
  needs,
  READS_SETTINGS_ANEW,
  TELLS_BEFORE_THE_END,
  TELLS_OF_UPDATES,
} from "../support/engine-kind.js";
import { eventually } from "../support/eventually.js";
import { FilteringProxy } from "../support/filtering-proxy.js";
import { Followed } from "../support/followed.js";
import { numberOf, required } from "../support/required.js";

let cli: DockerCli;

beforeEach(() => {
  cli = new DockerCli();
});

afterEach(async () => {
  await cli[Symbol.asyncDispose]();
});

/** That a container without rules of its own was told to stop. */
const TOLD = { sentAt: expect.any(Number) as number };

/** Every action that was told of the container of that name. */
function actionsOf({ events }: Followed, name: string): readonly string[] {
  return events.flatMap((event) => (event.kind === "docker-event" && event.container === name ? [event.action] : []));
}

describe("a container on a real engine", () => {
  test("is ending from the moment it is stopped, long before it ends", async (context) => {
    needs(context, TELLS_BEFORE_THE_END);
    await using followed = await Followed.start(cli.url);
    const id = await cli.deaf("ending");
    await followed.sees("ending", { status: "running", stopping: undefined });
    const begunAt = Date.now() / 1_000 - 1;
    const stopped = cli.run("stop", "-t", "2", "ending");
    await followed.sees("ending", { status: "running", stopping: TOLD }, 1_000);
    await stopped;
    await followed.sees("ending", { status: "exited", stopping: undefined });
    const state = followed.states.find(({ containers }) => containers.some((container) => container.stopping));
    const filters = ["--filter", `container=${id}`, "--filter", "event=kill", "--format", "{{.TimeNano}}"];
    const until = String(Date.now() / 1_000 + 1);
    const [sentAt] = (await cli.run("events", "--since", String(begunAt), "--until", until, ...filters)).split("\n");
    expect(required(state, "state").atMs - numberOf(sentAt, "time of the event") / 1e6).toBeLessThan(250);

    await cli.run("start", "ending");
    await followed.sees("ending", { status: "running", stopping: undefined });
  });

  test("is ending by its own stop signal and by KILL, not by any other", async (context) => {
    needs(context, TELLS_BEFORE_THE_END);
    await using followed = await Followed.start(cli.url);
    await cli.deaf("signals", "--stop-signal", "SIGQUIT", "--stop-timeout", "1");
    await followed.sees("signals", { status: "running" });
    const killed = async (signal: string): Promise<void> => {
      const before = actionsOf(followed, "signals").length;
      await cli.run("kill", "-s", signal, "signals");
      await eventually("the event", () => actionsOf(followed, "signals").length > before);
    };
    await killed("TERM");
    await killed("HUP");
    expect(followed.seen("signals")).toMatchObject({ status: "running", stopping: undefined });
    await killed("QUIT");
    await followed.sees("signals", { status: "running", stopping: TOLD, stopTimeoutMs: 1_000 });
    await cli.run("kill", "signals");
    await followed.sees("signals", { status: "exited", stopping: undefined });
  });

  test("is followed through renaming, updates, networks and its removal", async () => {
    const network = await cli.run("network", "create", "--label", "hecd.test", "hecd-events");
    try {
      await using followed = await Followed.start(cli.url);
      await cli.run("create", "--name", "events-one", "--label", "hecd.test", "hecd-test/web");
      await followed.sees("events-one", { status: "created", networks: {} });
      await cli.run("start", "events-one");
      await followed.sees("events-one", { status: "running" });
      expect(Object.keys(followed.seen("events-one")?.networks ?? {})).toEqual([DEFAULT_NETWORK]);
      await cli.run("network", "connect", network, "events-one");
      await eventually("both networks", () => {
        expect(Object.keys(followed.seen("events-one")?.networks ?? {})).toEqual(
          [DEFAULT_NETWORK, "hecd-events"].sort(),
        );
        return true;
      });
      await cli.run("network", "disconnect", DEFAULT_NETWORK, "events-one");
      await eventually("the other network", () => {
        expect(Object.keys(followed.seen("events-one")?.networks ?? {})).toEqual(["hecd-events"]);
        return true;
      });
      const before = followed.states.length;
      await cli.update("events-one");
      await cli.run("rename", "events-one", "events-two");
      await followed.sees("events-two", { status: "running" });
      expect(followed.states).toHaveLength(before + 1);
      if (TELLS_OF_UPDATES) expect(actionsOf(followed, "events-one")).toContain("update");
      await cli.run("rm", "-f", "events-two");
      await followed.sees("events-two", undefined);
    } finally {
      await cli.run("rm", "-f", "events-one", "events-two").catch(() => undefined);
      await cli.run("network", "rm", network);
    }
  });
});

describe("filters on a real engine", () => {
  test("let containers in and out as they are renamed, connected and disconnected", async () => {
    const network = await cli.run("network", "create", "--label", "hecd.test", "hecd-filters");
    try {
      await using followed = await Followed.start(cli.url, {
        filters: ["network=hecd-filters", "name=filtered", "label=side=left"],
      });
      await cli.web("filtered-in", "--label", "side=left", "--network", network);
      await cli.web("filtered-right", "--label", "side=right", "--network", network);
      await cli.web("filtered-out", "--label", "side=left");
      await followed.sees("filtered-in", { status: "running" });
      await cli.run("network", "connect", network, "filtered-out");
      await followed.sees("filtered-out", { status: "running" });
      await cli.run("network", "disconnect", network, "filtered-in");
      await followed.sees("filtered-in", undefined);
      await cli.run("rename", "filtered-out", "renamed");
      await eventually("no container", () => followed.states.at(-1)?.containers.length === 0);
      await cli.run("rename", "renamed", "filtered-again");
      await followed.sees("filtered-again", { status: "running" });
      expect(followed.states.flatMap(({ containers }) => containers.map(({ name }) => name))).not.toContain(
        "filtered-right",
      );
    } finally {
      await cli[Symbol.asyncDispose]();
      await cli.run("network", "rm", network);
    }
  });

  test("choose by what is published, for as long as it is", async (context) => {
    needs(context, FILTERS_BY_PORT);
    await cli.web("published");
    // Of IPv4 alone: the IPv6 port of a container may be the number that is another one's for IPv4.
    await cli.web("elsewhere", "-p", "127.0.0.1::8080");
    const port = await cli.port("published");
    await using followed = await Followed.start(cli.url, { filters: [`publish=${port}/tcp`] });
    expect(followed.states.at(-1)?.containers.map(({ name }) => name)).toEqual(["published"]);
    await cli.run("stop", "-t", "1", "published");
    await followed.sees("published", undefined);
  });
});

describe("an engine that reads its settings anew", () => {
  test("is listed as a whole at once", async (context) => {
    needs(context, READS_SETTINGS_ANEW);
    await using engine = await PrivateDocker.start();
    await using proxy = await FilteringProxy.start(engine.url.replace("unix://", ""));
    await using followed = await Followed.start(proxy.url);
    const lists = (): number => proxy.requests.filter((request) => request.endsWith("/containers/json")).length;
    const before = lists();
    engine.reload();
    await eventually("the event", () => actionsOf(followed, "").includes("daemon reload"));
    await eventually("a list", () => lists() > before, 2_000);
  });
});
