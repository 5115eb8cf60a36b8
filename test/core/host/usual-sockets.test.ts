import { describe, expect, test } from "vitest";
import { type SocketAccess, usualEngine, usualSockets } from "../../../src/core/host/usual-sockets.js";

describe("the sockets of engines", () => {
  test("are Docker's before Podman's, and the machine's before the user's", () => {
    expect(usualSockets("/run/user/1000")).toEqual([
      "/var/run/docker.sock",
      "/run/user/1000/docker.sock",
      "/run/podman/podman.sock",
      "/run/user/1000/podman/podman.sock",
    ]);
  });

  test("are the machine's alone where the user has no folder for them", () => {
    for (const folder of [undefined, ""]) {
      expect(usualSockets(folder)).toEqual(["/var/run/docker.sock", "/run/podman/podman.sock"]);
    }
  });
});

describe("the engine that nobody names", () => {
  const sockets = ["/docker", "/podman", "/own"];
  test.each<[string, Readonly<Record<string, SocketAccess>>, string]>([
    ["Docker's where all are there", { "/docker": "usable", "/podman": "usable" }, "unix:///docker"],
    ["Podman's where there is no Docker", { "/podman": "usable", "/own": "usable" }, "unix:///podman"],
    [
      "the user's own where the machine's is not for this user",
      { "/podman": "denied", "/own": "usable" },
      "unix:///own",
    ],
    ["Docker's where it is installed and down", { "/docker": "away", "/podman": "usable" }, "unix:///docker"],
    ["the one that is there, when none can be used", { "/podman": "denied" }, "unix:///podman"],
    ["Docker's where there is none", {}, "unix:///var/run/docker.sock"],
  ])("is %s", (_, access, url) => {
    expect(usualEngine(sockets, (path) => access[path] ?? "missing")).toBe(url);
  });
});
