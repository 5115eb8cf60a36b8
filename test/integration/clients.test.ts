import { describe, expect, test } from "vitest";
import { type Act, ACTS } from "../clients/acts.js";
import { measure } from "../clients/measure.js";
import { STYLES } from "../clients/styles.js";
import { eventually } from "../support/eventually.js";
import { required } from "../support/required.js";

const actNamed = (name: string) =>
  required(
    ACTS.find((act) => act.name === name),
    name,
  );
const styleNamed = (name: string) =>
  required(
    STYLES.find((style) => style.name === name),
    name,
  );

/** Until HAProxy has heard of its end such a server still listens, as one should that is to end in peace. */
const PEACEFUL = { END_MS: "500" };

/** What is to be told of an act that nobody notices. */
async function met(act: Act, style: string, servers: number) {
  const { failed, hung, reloads, allCame, reasons } = await measure(
    { ...act, env: { ...act.env, ...PEACEFUL } },
    styleNamed(style),
    servers,
  );
  return { failed, hung, reloads, allCame, reasons };
}

const NOTHING = { failed: 0, hung: 0, reloads: 0, allCame: true, reasons: {} };

describe("no client notices, where there is another server,", () => {
  test.each(["docker stop", "docker restart", "rolling update", "scale up by one", "docker rename"])(
    "%s",
    async (act) => {
      expect(await met(actNamed(act), "stock HTTP", 2)).toEqual(NOTHING);
    },
  );
});

test("no client of the only server notices that it is restarted, where requests wait for one", async () => {
  const restart = actNamed("docker restart, 6 s until it listens");
  const act: Act = {
    ...restart,
    async perform(site, servers) {
      // One that is asked by nobody keeps the backend, which would take a reload to come back.
      await site.server({}, "host1", "hecd.weight=0");
      await eventually("both servers", async () => (await site.haproxy.servers()) === 2);
      await restart.perform(site, servers);
    },
  };
  expect(await met(act, "stock HTTP with HECD_HOLD=40s", 1)).toEqual(NOTHING);
});
