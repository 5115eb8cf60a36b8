import { expect, test } from "vitest";
import { serversByAddress, workThrough } from "../../../src/core/decision/shared-address.js";

const at = (name: string, state: string, addr = "10.0.0.5:8080") => ({
  id: `id of ${name}`,
  name,
  decision: { instances: [{ addr, state }] },
});

test.each([
  ["another one serves there", [at("owner", "up")], "container owner serves at the same address 10.0.0.5:8080"],
  ["nobody else is there", [], undefined],
  ["the other one drains too", [at("owner", "draining")], undefined],
  ["the others serve elsewhere", [at("owner", "up", "10.0.0.5:9090")], undefined],
  ["the other one is not registered", [{ id: "o", name: "owner", decision: { reason: "starting" } }], undefined],
])("work still comes to a drained container when %s", (_, others, expected) => {
  for (const guest of [at("guest", "draining"), at("guest", "up")]) {
    const said = workThrough(guest, serversByAddress([guest, ...others]));
    if (expected === undefined) expect(said).toBeUndefined();
    else expect(said).toContain(expected);
  }
});
