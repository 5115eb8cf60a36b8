import { describe, expect, test } from "vitest";
import { cli } from "../../support/cli.js";
import { fakeAgent } from "../../support/fake-agent.js";

const instance = {
  id: "i",
  name: "n",
  addr: "10.0.0.5",
  port: 1,
  targetPort: 1,
  state: "up",
  health: "none",
  weight: 1,
};
const containers = [
  { id: "1", name: "web-1", decision: { instances: [{ ...instance, service: "web" }] } },
  {
    id: "2",
    name: "web-0",
    decision: {
      instances: [
        { ...instance, service: "web" },
        { ...instance, service: "api" },
      ],
    },
  },
  { id: "3", name: "db", decision: { reason: "no-port", advice: "publish one" } },
  { id: "4", name: "$(reboot)", decision: { reason: "no-port", advice: "publish one" } },
];

describe("hecd names", () => {
  test.each([
    ["containers", "db\nweb-0\nweb-1\n"],
    ["services", "api\nweb\n"],
  ])("prints the %s that the agent knows, and nothing that is no name", async (kind, names) => {
    await using agent = await fakeAgent({ containers });
    expect(await cli(["names", kind, "--agent", agent.address])).toEqual({ code: 0, stdout: names, stderr: "" });
  });

  test("prints nothing where no agent answers, which is no failure", async () => {
    for (const kind of ["containers", "services"]) {
      expect(await cli(["names", kind, "--agent", "off"])).toEqual({ code: 0, stdout: "", stderr: "" });
    }
  });

  test("says which names there are to ask for", async () => {
    const { code, stderr } = await cli(["names", "keys", "--agent", "off"]);
    expect([code, stderr]).toEqual([64, 'hecd: hecd names takes containers or services, not "keys"\n']);
  });
});
