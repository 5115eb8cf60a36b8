import { expect, test } from "vitest";
import { Surroundings } from "../../../src/edges/host/vicinity.js";

test("a look shows this machine's own addresses, and the same one again while no route changes", () => {
  const surroundings = new Surroundings();
  const seen = surroundings.look();
  expect([seen.isOwn("127.0.0.1"), seen.isOwn("::1"), seen.isOwn("203.0.113.9")]).toEqual([true, true, false]);
  expect(surroundings.look()).toBe(seen);
});
