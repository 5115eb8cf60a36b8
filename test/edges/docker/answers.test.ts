import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decisionOf } from "../../../src/core/decision/decision.js";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import { containerOf, inspectAnswer, parseAnswer } from "../../../src/edges/docker/answers.js";
import { context } from "../../support/containers.js";

/** What an engine answers on a container with these variables, as `NAME=value`. */
function answer(env: readonly string[]): unknown {
  return {
    Id: "a1".repeat(32),
    Name: "/web1",
    State: { Status: "running", StartedAt: "2026-01-02T03:04:05.000000001Z" },
    Config: { Image: "web", Labels: { SERVICE_REGION: "eu" }, Env: env, ExposedPorts: { "80/tcp": {} } },
    HostConfig: { NetworkMode: "default" },
    NetworkSettings: {
      Ports: { "80/tcp": [{ HostIp: "0.0.0.0", HostPort: "32001" }] },
      Networks: { bridge: { IPAddress: "172.17.0.2", GlobalIPv6Address: "" } },
    },
  };
}

describe("the variables of a container", () => {
  test("are kept where registrator documents them, and none reaches a record by any other name", () => {
    const secret = "hunter2-f3a9";
    const name = fc.oneof(
      fc.constantFrom(
        "SERVICE_PASSWORD",
        "SERVICE_80_TOKEN",
        "SERVICE_KEY",
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
        const env = [...names.map((each) => `${each}=${secret}`), "SERVICE_NAME=shop"];
        const container = containerOf(parseAnswer(inspectAnswer, answer(env), "answer"));
        expect(container.serviceVariables).toEqual({ SERVICE_NAME: "shop" });
        const decision = decisionOf(container, context, UNPROBED);
        expect(decision).toMatchObject({ instances: [{ service: "shop", meta: { region: "eu" } }] });
        expect(JSON.stringify([container, decision])).not.toContain(secret);
      }),
    );
  });
});
