import { describe, expect, test } from "vitest";
import { filterProblem, keepsNoEvents, kindOf } from "../../../src/edges/docker/podman.js";

test.each([
  [[{ Name: "Podman Engine" }, { Name: "Conmon" }, { Name: "Engine" }], "podman"],
  [[{ Name: "Engine" }, { Name: "containerd" }], "docker"],
  [[], "docker"],
  [undefined, "docker"],
  [null, "docker"],
])("an engine of %j is %s", (components, kind) => {
  expect(kindOf(components)).toBe(kind);
});

test.each([
  ["publish=8080/tcp", "Podman has no filter publish; use label, name or network instead (--filter publish=8080/tcp)"],
  ["expose=80", "Podman has no filter expose; use label, name or network instead (--filter expose=80)"],
  ["is-task=true", "Podman has no filter is-task; use label, name or network instead (--filter is-task=true)"],
  ["label=publish=1", undefined],
])("the filter %s: %s", (filter, problem) => {
  expect(filterProblem(["name=web", filter])).toBe(problem);
});

describe("a fault of the events", () => {
  const NONE = new Error('(HTTP code 500) server error - cannot read events with the "none" backend');

  test("says that Podman keeps none, and nothing else says that", () => {
    expect(keepsNoEvents("podman", NONE)).toBe(true);
    expect(keepsNoEvents("docker", NONE)).toBe(false);
    expect(keepsNoEvents("podman", new Error("(HTTP code 500) server error - database is locked"))).toBe(false);
  });
});
