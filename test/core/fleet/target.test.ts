import { describe, expect, test } from "vitest";
import { readTargets } from "../../../src/core/fleet/target.js";

const namesOf = (...patterns: readonly string[]) => readTargets(patterns, "edge").map(({ name }) => name);

describe("the targets of a fleet", () => {
  test("stand in their order, with ranges, an engine without a scheme being one of TCP", () => {
    expect(
      namesOf(
        "192.168.0.[2:4]:2375",
        "https://10.0.0.5:2376",
        "inner@unix:///run/docker.sock",
        "context:node[1:2]",
        "b@context:c",
      ),
    ).toEqual([
      "edge@tcp://192.168.0.2:2375",
      "edge@tcp://192.168.0.3:2375",
      "edge@tcp://192.168.0.4:2375",
      "edge@https://10.0.0.5:2376",
      "inner@unix:///run/docker.sock",
      "edge@context:node1",
      "edge@context:node2",
      "b@context:c",
    ]);
  });

  test.each([
    ["192.168.0.[4:2]:2375", "runs backwards"],
    ["a b@192.168.0.2:2375", "must be CONTAINER@ENGINE or ENGINE"],
    ["192.168.0.2:99999", "must be unix://PATH, tcp://HOST:PORT or context:NAME"],
    ["ssh://10.0.0.1", "must be unix://PATH, tcp://HOST:PORT or context:NAME"],
    ["10.0.[0:9].[1:250]:2375", "more than 1024"],
    ["@10.0.0.1:2375", "must be CONTAINER@ENGINE or ENGINE"],
  ])("are refused as %s", (pattern, problem) => {
    expect(() => namesOf(pattern)).toThrow(problem);
  });

  test("are refused where one stands there twice", () => {
    expect(() => namesOf("10.0.0.1:2375", "tcp://10.0.0.[1:2]:2375")).toThrow("stands there twice");
  });
});
