import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { enabledUnits } from "../../../src/edges/systemd/units.js";
import { tempDir } from "../../support/temp-dir.js";

test("The units that start at boot are those that others want or require, and none where there is no systemd", async () => {
  await using folder = await tempDir();
  expect(await enabledUnits(join(folder.path, "nowhere"))).toEqual([]);
  for (const [place, unit] of [
    ["multi-user.target.wants", "hecd-agent.service"],
    ["haproxy.service.requires", "hecd-render@edge.service"],
    ["multi-user.target.d", "not-a-unit.service"],
  ] as const) {
    await mkdir(join(folder.path, place));
    await symlink(`/lib/systemd/system/${unit}`, join(folder.path, place, unit));
  }
  expect([...(await enabledUnits(folder.path))].sort()).toEqual(["hecd-agent.service", "hecd-render@edge.service"]);
});
