import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.js";
import { configOf } from "../support/load-config.js";
import { Load, startServer } from "../support/load.js";
import { startRecordingProxy } from "../support/recording-proxy.js";
import { capabilitiesOf } from "../../src/haproxy/runtime/capabilities.js";
import { matched } from "../support/required.js";
import { RuntimeWorld } from "../support/runtime-world.js";

// HAProxy 2.6 can crash when a server is deleted early. So one that has left waits, from when no connection to it is in
// use, as long as all tries may take: each the connect timeout and a pause of as much, but of no more than a second; and
// half a second on top of that. From 3.0 on HAProxy refuses what is too early, and half a second is all.
describe("a server that leaves under load is deleted only when every try has had its time", () => {
  test.each([
    { connectMs: 300, retries: 3, waitsMs: 4 * (300 + 300) + 500 },
    { connectMs: 2_000, retries: 1, waitsMs: 2 * (2_000 + 1_000) + 500 },
  ])(
    "with a connect timeout of $connectMs ms and $retries retries",
    { timeout: 60_000 },
    async ({ connectMs, retries, waitsMs }) => {
      await using stays = await startServer("stays");
      await using leaves = await startServer("leaves", 1_000);
      const name = `leaves:127.0.0.1:${leaves.port}`;
      const id = `web/${name}`;
      let admin = "";
      let textOf: (servers: readonly (typeof stays)[]) => string = () => "";
      await using world = await RuntimeWorld.start((port, socket) => {
        admin = socket;
        textOf = (servers) =>
          configOf(
            port,
            socket,
            servers.map((server) => ({ server, weight: 100 })),
          )
            .replace("timeout connect 3s", `timeout connect ${connectMs}ms`)
            .replace("retries 3", `retries ${retries}`);
        return textOf([stays, leaves]);
      });
      await using proxy = await startRecordingProxy(admin);
      world.driveBy({ socket: proxy.path, reload: { kind: "master", socket: world.haproxy.masterSocket } });
      const firstSent = (command: string): number | undefined =>
        proxy.sent.find(({ text }) => text.includes(command))?.at;
      const isBusy = async (): Promise<boolean> => {
        const rows = (await world.ask("show servers conn web")).split("\n").map((row) => row.split(" "));
        return rows.some(([server, , , , , , inUse]) => server === id && Number(inUse) > 0);
      };
      const version = matched(/^Version: (\S+)/m, await world.ask("show info"), "version");
      const leastMs = capabilitiesOf(version).guardsDeletion ? 500 : waitsMs;
      const load = new Load(world.port);
      await eventually("a request on the server that is to leave", isBusy);

      let takenOutAt = Number.NaN;
      let lastBusyAt = Number.NaN;
      const look = async (): Promise<void> => {
        const at = performance.now();
        if (await isBusy()) lastBusyAt = at;
      };
      // On a busy machine all requests have come to their end before that does.
      await Promise.all([
        world.apply(textOf([stays])),
        eventually("requests that are under way when it is taken out", async () => {
          await look();
          takenOutAt = firstSent(`set server ${id} state maint`) ?? Number.NaN;
          return lastBusyAt > takenOutAt;
        }),
      ]);
      const deletedAt = await eventually(
        `the end of ${id}`,
        async () => {
          await look();
          await world.apply(textOf([stays]));
          return firstSent(`del server ${id}`);
        },
        30_000,
      );

      await eventually(`no ${id} any more`, async () => {
        await world.apply(textOf([stays])); // an idle connection may have kept it
        return !(await world.ask("show servers state web")).includes(name);
      });

      const { answered, failures } = await load.stop();
      expect(deletedAt - lastBusyAt).toBeGreaterThan(leastMs);
      expect(failures).toEqual([]);
      expect(answered).toBeGreaterThan(100);
      expect(await world.haproxy.reloads()).toBe(0);
    },
  );
});
