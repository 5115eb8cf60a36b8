import fc from "fast-check";
import { expect, test } from "vitest";
import { decisionOf } from "../../../src/core/decision/decision.js";
import { type ProbeResult, type RuntimeStatus, UNPROBED } from "../../../src/core/decision/readiness.js";
import { container, context, published } from "../../support/containers.js";

const aFinding = fc.constantFrom<ProbeResult>("passed", "pending", "unfit", "failed", "unreachable", "skipped");

const aStanding: fc.Arbitrary<RuntimeStatus> = fc
  .record({ drained: fc.boolean(), held: fc.boolean(), first: aFinding, second: aFinding })
  .map(({ drained, held, first, second }) => ({
    ...UNPROBED,
    drained,
    held,
    probe: (port) => (port === 8080 ? first : second),
  }));

const someFacts = fc.constantFrom(
  context,
  { ...context, address: "10.0.0.6" },
  { ...context, explicit: true },
  { ...context, hostId: "node2" },
);

test("a container that was decided on before gets the decision that a new one like it would get", () => {
  const known = container("web1", {
    labels: { "hecd.ports": "8080,8081" },
    ports: [published(8080, 1), published(8081, 2)],
  });
  fc.assert(
    fc.property(someFacts, aStanding, (now, runtimeStatus) => {
      expect(decisionOf(known, now, runtimeStatus)).toEqual(decisionOf({ ...known }, now, runtimeStatus));
    }),
  );
});

test("a container in the network of another is decided on by what that one is now", () => {
  const inside = container("inside", { networkMode: "container:outer", labels: { "hecd.port": "8080" }, ports: [] });
  const at = (hostPort: number) => {
    const outer = container("outer", { id: "outer", ports: [published(8080, hostPort)] });
    return decisionOf(inside, context, { ...UNPROBED, probe: () => "passed" }, new Map([["outer", outer]]));
  };
  expect(at(1)).toMatchObject({ instances: [{ addr: "10.0.0.5:1" }] });
  expect(at(2)).toMatchObject({ instances: [{ addr: "10.0.0.5:2" }] });
});
