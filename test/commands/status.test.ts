import { expect, test } from "vitest";
import { openStatusServer } from "../../src/edges/status/server.js";
import { cli } from "../support/cli.js";

test("hecd status says how many certificates of an HAProxy cannot be used as they are on disk, where there are any", async () => {
  const good = { file: "/a.pem" };
  let certificates: readonly object[] = [good];
  await using server = await openStatusServer("127.0.0.1:0", {
    status: () => ({
      waitingFor: [],
      state: { resources: [{ name: "haproxy.toml", haproxy: { agrees: true, certificates } }] },
    }),
    metrics: async () => ({ contentType: "", body: "" }),
  });
  const asked = ["status", "--agent", "off", "--renderer", new URL(server.url).host];
  expect((await cli(asked)).stdout).toMatch(/ready; HAProxy of haproxy\.toml agrees with its file\n/);
  certificates = [good, { file: "/b.pem", fault: "there is no private key in it" }];
  expect((await cli(asked)).stdout).toMatch(
    /agrees with its file, 1 of 2 certificates cannot be used as they are on disk\n/,
  );
});
