import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decisionOf } from "../../../src/core/decision/decision.js";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import {
  containerOf,
  inspectAnswer,
  listAnswer,
  stopRuleOf,
  summaryOf,
  traitsOf,
} from "../../../src/edges/docker/answers.js";
import type { EngineKind } from "../../../src/edges/docker/podman.js";
import { context } from "../../support/containers.js";

const ID = "b".repeat(64);

/** What an engine answers for a container, as far as we read it. */
function answer({ State = {}, Config = {}, HostConfig = {}, NetworkSettings = {}, ...others }: Partial<Answer> = {}) {
  return inspectAnswer.parse({
    Id: ID,
    Name: "/web1",
    State: { Status: "running", StartedAt: "2026-01-02T03:04:05Z", ...State },
    Config: { Image: "web", ...Config },
    HostConfig: { NetworkMode: "bridge", ...HostConfig },
    NetworkSettings,
    ...others,
  });
}

interface Answer {
  readonly Name: string;
  readonly Path: string;
  readonly Args: readonly string[];
  readonly State: object;
  readonly Config: object;
  readonly HostConfig: object;
  readonly NetworkSettings: object;
}

function bound(HostIp: string): object {
  return { Ports: { "8080/tcp": [{ HostIp, HostPort: "32768" }] } };
}

describe("the state of a container", () => {
  test.each([
    [{ Pid: 4242 }, 4242],
    [{ Pid: 0 }, undefined],
    [{ Pid: -1 }, undefined],
    [{ Pid: 1.5 }, undefined],
    [{}, undefined],
  ])("with %j has the process %s", (State, process) => {
    expect(containerOf(answer({ State }), "docker").process).toBe(process);
  });

  test.each([
    ["Podman 4.3 and 5.4", { Status: "stopping", Running: false }],
    ["Podman 5.8 and 6.1", { Status: "running", Running: false }],
  ])("that is told to stop is running and stopping in %s", (_, State) => {
    expect(containerOf(answer({ State }), "podman")).toMatchObject({
      status: "running",
      stopping: { sentAt: 0 },
    });
  });

  test.each([
    [{ Status: "running", Running: true }, "running"],
    [{ Status: "paused", Running: true }, "paused"],
    [{ Status: "initialized", Running: false }, "created"],
    [{ Status: "configured", Running: false }, "created"],
    [{ Status: "stopped", Running: false }, "exited"],
    [{ Status: "unknown", Running: false }, "dead"],
    [{ Status: "exited", Running: false }, "exited"],
  ])("%j is %s, and nothing is stopping", (State, status) => {
    expect(containerOf(answer({ State }), "podman")).toMatchObject({ status, stopping: undefined });
  });

  test("has no health where Podman 4 says an empty word", () => {
    expect(containerOf(answer({ State: { Health: { Status: "" } } }), "podman").health).toBe("none");
  });
});

describe("a port that is published by no address", () => {
  test.each<[EngineKind, string]>([
    ["docker", ""],
    ["podman", "0.0.0.0"],
  ])("is one of %s: %j", (kind, hostIp) => {
    const [port] = containerOf(answer({ NetworkSettings: bound("") }), kind).ports;
    expect(port?.bindings).toEqual([{ hostIp, hostPort: 32_768 }]);
  });
});

describe("ports that are to be published", () => {
  test.each([
    [{ PublishAllPorts: true }, true],
    [{ PortBindings: { "8080/tcp": [{ HostIp: "", HostPort: "" }] } }, true],
    [{ PortBindings: { "8080/tcp": null } }, false],
    [{ PortBindings: {} }, false],
    [{ PortBindings: null, PublishAllPorts: false }, false],
    [{}, false],
  ])("are asked for by %j: %s", (HostConfig, expected) => {
    expect(containerOf(answer({ HostConfig }), "podman").asksToPublish).toBe(expected);
  });
});

describe("a container in the network of another", () => {
  const HostConfig = { NetworkMode: `container:${"c".repeat(64)}` };

  test("has of its own only what its image exposes, although Podman shows what the other one publishes", () => {
    const Config = { ExposedPorts: { "2379/tcp": {} } };
    const { ports } = containerOf(answer({ HostConfig, Config, NetworkSettings: bound("0.0.0.0") }), "podman");
    expect(ports).toEqual([{ port: 2379, protocol: "tcp", bindings: [] }]);
  });
});

describe("the container that holds the network of a pod", () => {
  const catatonit = { Path: "/catatonit", Args: ["-P"] };

  test.each<[string, Partial<Answer>]>([
    ["its name", { Name: "/7c3edb1bc0b2-infra" }],
    ["its image", { Config: { Image: "localhost/podman-pause:5.4.2-1766335321" } }],
    ["its process, where it has a name of its own and no image", { ...catatonit, Config: { Image: "" } }],
  ])("is known by %s, in Podman alone", (_, parts) => {
    expect(containerOf(answer(parts), "podman").isInfra).toBe(true);
    expect(containerOf(answer(parts), "docker").isInfra).toBe(false);
  });

  test.each<[string, Partial<Answer>]>([
    ["web1", {}],
    ["one with an init", { Path: "/catatonit", Args: ["--", "httpd"] }],
    ["one of a like name", { Name: "/shop-infra" }],
  ])("is not %s", (_, parts) => {
    expect(containerOf(answer(parts), "podman").isInfra).toBe(false);
  });
});

test("a port that is published without one of the host is routed in the family of its address", () => {
  const routed = (...bindings: readonly object[]) =>
    containerOf(answer({ NetworkSettings: { Ports: { "8080/tcp": bindings } } }), "docker").ports;
  const port = { port: 8080, protocol: "tcp" };
  const six = { HostIp: "::", HostPort: "32768" };
  const bindings = [{ hostIp: "::", hostPort: 32_768 }];
  expect(routed({ HostIp: "0.0.0.0", HostPort: "" }, six)).toEqual([{ ...port, bindings, routed: [4] }]);
  expect(routed({ HostIp: "", HostPort: "" })).toEqual([{ ...port, bindings: [], routed: [4, 6] }]);
  expect(routed(six)).toEqual([{ ...port, bindings }]);
});

describe("a line of the list", () => {
  test("shows by what keys may be known as those of a container that cannot be looked at", () => {
    const line = {
      ...{ Id: ID, State: "running", Status: "Up", Labels: { "hecd.name": "shop" } },
      Ports: [{ PrivatePort: 80, PublicPort: 32_768, Type: "tcp" }, { PrivatePort: 81 }, "what?", null],
      NetworkSettings: { Networks: { a: { IPAddress: "172.17.0.2", GlobalIPv6Address: "" }, b: null, c: 1 } },
    };
    expect(traitsOf(listAnswer.parse(line))).toEqual({ labels: ["shop"], hostPorts: [32_768], ips: ["172.17.0.2"] });
    expect(traitsOf(listAnswer.parse({ Id: ID, State: "", Status: "" }))).toEqual({
      labels: [],
      hostPorts: [],
      ips: [],
    });
  });
});

describe("the time that a container has for its end", () => {
  test.each([
    [{}, 15, 10_000],
    [{ StopSignal: "15", StopTimeout: 0 }, 15, 0], // Podman 4 kills at once what was made by its API
    [{ StopSignal: "15", StopTimeout: 10 }, 15, 10_000],
    [{ StopSignal: "SIGQUIT", StopTimeout: -1 }, 3, 86_400_000],
  ])("of %j is known", (Config, signal, timeoutMs) => {
    expect(stopRuleOf(answer({ Config }))).toEqual({ signal, timeoutMs });
    expect(containerOf(answer({ Config }), "docker").stopTimeoutMs).toBe(timeoutMs);
  });
});

describe("a line of the list", () => {
  const summary = (Status: string, kind: EngineKind, State = "running"): string =>
    summaryOf(listAnswer.parse({ Id: ID, State, Status }), kind);

  test("changes with the health that Docker says there, and not with the time", () => {
    expect(summary("Up 3 minutes (healthy)", "docker")).toBe(summary("Up 4 minutes (healthy)", "docker"));
    expect(summary("Up 3 minutes (healthy)", "docker")).not.toBe(summary("Up 3 minutes (unhealthy)", "docker"));
  });

  test("of Podman changes when the container stops, and by nothing in brackets", () => {
    expect(summary("Up 3 minutes (healthy)", "podman")).toBe(summary("Up 4 minutes (unhealthy)", "podman"));
    expect(summary("Up 3 minutes", "podman")).not.toBe(summary("Stopping", "podman"));
    expect(summary("Up 3 minutes", "podman")).not.toBe(summary("Up 3 minutes", "podman", "stopping"));
  });
});

describe("the variables of a container", () => {
  test("are kept where registrator documents them, and none reaches a record by any other name", () => {
    const secret = "hunter2-f3a9";
    const name = fc.oneof(
      fc.constantFrom(
        "SERVICE_PASSWORD",
        "SERVICE_80_TOKEN",
        "SERVICE_KEY",
        "VIRTUAL_HOST_TOKEN",
        "DB_PASSWORD",
        "hecd.meta.key",
        "SERVICE_",
      ),
      fc
        .stringMatching(/^SERVICE_[A-Z0-9_]{1,20}$/)
        .filter((each) => !/(NAME|ID|TAGS|IGNORE|WEIGHT|CHECK_.*)$/.test(each)),
    );
    fc.assert(
      fc.property(fc.array(name), (names) => {
        const env = [...names.map((each) => `${each}=${secret}`), "SERVICE_NAME=shop", "VIRTUAL_HOST=shop.example"];
        const said = answer({
          Config: { Labels: { SERVICE_REGION: "eu" }, Env: env, ExposedPorts: { "80/tcp": {} } },
          NetworkSettings: { Ports: { "80/tcp": [{ HostIp: "0.0.0.0", HostPort: "32001" }] } },
        });
        const container = containerOf(said, "docker");
        expect(container.serviceVariables).toEqual({ SERVICE_NAME: "shop", VIRTUAL_HOST: "shop.example" });
        const decision = decisionOf(container, context, UNPROBED);
        expect(decision).toMatchObject({ instances: [{ service: "shop", meta: { region: "eu" } }] });
        expect(JSON.stringify([container, decision])).not.toContain(secret);
      }),
    );
  });
});
