import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import { cli } from "../../support/cli.js";
import { Confdir } from "../../support/confd.js";
import { eventually } from "../../support/eventually.js";

/** A command loads what it needs when it is run first, which takes its time on a busy machine. */
const LOADED_WITHIN_MS = 60_000;

/** An engine that is asked, and hangs up when it is told to instead of ever answering. */
async function silentEngine() {
  let asked = 0;
  const server = createServer(() => {
    asked++;
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return {
    port: (server.address() as AddressInfo).port, // of TCP
    asked: () => asked,
    hangUp: () => {
      server.closeAllConnections();
    },
  };
}

test("a push of a resource that is under way keeps another one away, which says of whom, until it has ended", async () => {
  const engine = await silentEngine();
  await using confdir = await Confdir.make();
  await confdir.write("templates/one.tmpl", "global\n");
  await confdir.write(
    "conf.d/one.toml",
    `[template]\nsrc = "one.tmpl"\ndest = "/etc/haproxy/haproxy.cfg"\nkeys = ["/app"]\n` +
      `[haproxy]\nreload = "docker:edge"\ntargets = ["127.0.0.1:${engine.port}"]\n`,
  );
  await confdir.write("keys.yml", "app: {}\n");
  const args = ["push", "--confdir", confdir.path, "--store", `file://${confdir.at("keys.yml")}`];
  const push = (state: string) => cli([...args, "--state-dir", confdir.at(state)]);
  const first = push("state");
  await eventually("the engine to be asked", () => engine.asked() > 0, LOADED_WITHIN_MS);
  const second = await push("state");
  expect([second.code, second.stderr]).toEqual([
    1,
    expect.stringMatching(
      new RegExp(`^hecd: Cannot push one\\.toml: process 1 on ${hostname()} since \\S+ is at it\\n$`),
    ),
  ]);
  const elsewhere = push("other");
  await eventually("the engine to be asked for another record", () => engine.asked() > 1);
  engine.hangUp();
  expect((await Promise.all([first, elsewhere])).map(({ code }) => code)).toEqual([1, 1]);
  const third = push("state");
  await eventually("the engine to be asked again", () => engine.asked() > 2);
  engine.hangUp();
  await third;
});
