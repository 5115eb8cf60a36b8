import { expect, test } from "vitest";
import type { Container } from "../../src/core/container.js";
import { probesOf } from "../../src/core/probing.js";
import { container, facts } from "../support/containers.js";

const bridge = { bridge: { ipv4: "172.17.0.2", ipv6: undefined } };

test.each<[string, Partial<Container>, readonly string[]]>([
  ["is probed where it listens itself", { networks: bridge }, ["172.17.0.2:8080"]],
  ["is probed on the host when it uses its network", { networkMode: "host", networks: {} }, ["10.0.0.5:8080"]],
  ["is not probed when it has a HEALTHCHECK", { health: "starting" }, []],
  ["is not probed when it does not run", { status: "paused" }, []],
  ["is not probed when it has no address", { networks: {} }, []],
  ["is not probed when it would not be registered", { ports: [] }, []],
  [
    "is probed by IPv6 when it has nothing else",
    { networks: { six: { ipv4: undefined, ipv6: "fd00::2" } } },
    ["fd00::2:8080"],
  ],
])("a container %s", (_, changes, expected) => {
  expect(probesOf(container("web1", changes), facts, true).map(({ ip, port }) => `${ip}:${port}`)).toEqual(expected);
});

test("no container is probed unless somebody asks for it", () => {
  expect(probesOf(container(), facts, false)).toEqual([]);
});
