import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.js";
import { HttpsWorld } from "../support/https-world.js";

const [A, B] = ["a.example.org", "b.example.org"] as const;
const BOTH = { "a.pem": A, "b.pem": B };

/** So many handshakes go on while certificates are renewed. */
const HANDSHAKES = Number(process.env["HECD_TEST_HANDSHAKES"] ?? 1_000);

/** So many of them at the same time, each a while after the last: the renderer shares this process with them. */
const CLIENTS = 8;
const EVERY_MS = 20;

describe.each(["master", "admin"] as const)("by the %s socket, a certificate that is renewed on disk", (way) => {
  test(
    "is served within a second, while no handshake fails and nothing is reloaded",
    { timeout: 300_000 },
    async () => {
      await using world = await HttpsWorld.start({ certificates: BOTH, way });
      const before = await world.haproxy.reloads();
      const failures: unknown[] = [];
      let [begun, done] = [0, 0];
      const clients = Array.from({ length: CLIENTS }, async () => {
        while (begun++ < HANDSHAKES) {
          await delay(EVERY_MS);
          await world.shake(begun % 2 === 0 ? A : B).catch((error: unknown) => failures.push(error));
          done++;
        }
      });
      const tookMs: number[] = [];
      const RENEWALS = 5;
      for (let renewal = 1; renewal <= RENEWALS; renewal++) {
        await eventually("handshakes", () => done >= (HANDSHAKES / (RENEWALS + 1)) * renewal, 120_000);
        await world.renew("a.pem", A);
        tookMs.push(await world.served("a.pem", A));
      }
      await Promise.all(clients);
      console.log(
        `${done} handshakes, ${failures.length} failed; new serial after ${tookMs.map(Math.round).join(", ")} ms`,
      );
      expect(failures).toEqual([]);
      expect(done).toBe(HANDSHAKES);
      expect(Math.max(...tookMs)).toBeLessThan(1_000);
      expect(await world.haproxy.reloads()).toBe(before);
      expect(world.of("certificate-in-use").map(({ file, how }) => [file, how])).toEqual(
        Array.from({ length: RENEWALS }, () => [join(world.folder, "a.pem"), "renewed"]),
      );
    },
  );
});
