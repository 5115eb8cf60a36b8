import { afterAll, beforeAll, expect, test } from "vitest";
import { openConsul } from "../../src/edges/consul/store.js";
import { systemClock } from "../../src/flow/clock.js";
import type { Store } from "../../src/ports.js";
import { cli } from "../support/cli.js";
import { TestConsul } from "../support/consul.js";
import { record } from "../support/records.js";
import { required } from "../support/required.js";

const never = new AbortController().signal;

let consul: TestConsul;

beforeAll(async () => {
  consul = await TestConsul.start("secret");
});

afterAll(async () => {
  await consul[Symbol.asyncDispose]();
});

function open(password: string): Store {
  return openConsul({ endpoints: [consul.endpoint], password }, { clock: systemClock, emit: () => undefined });
}

test("who may only read is told so when keys are to be changed, and they stay as they are", async () => {
  await using reader = open("secret-reader");
  await using writer = open("secret");
  const change = [{ key: "/app/a", was: undefined, is: "1" }];
  await expect(required(reader.exchange, "exchange")(change, never)).rejects.toMatchObject({
    fault: { code: "store-refused", reason: "Permission denied: token lacks permission 'key:write'" },
  });
  expect((await reader.read(["/app"], never)).entries.size).toBe(0);
  expect(await required(writer.exchange, "exchange")(change, never)).toBe(true);
  expect([...(await reader.read(["/app"], never)).entries]).toEqual([["/app/a", "1"]]);
});

test("who has no token is let in nowhere", async () => {
  await using stranger = open("guess");
  await expect(stranger.read(["/app"], never)).rejects.toMatchObject({ fault: { code: "store-refused" } });
});

test("hecd switch goes over from blue to green, where it may write", async () => {
  for (const [at, color] of ["blue", "green"].entries()) {
    await consul.put(...record({ service: "shop", name: `shop-${color}`, port: 8_080 + at, tags: [color] }));
  }
  const order = (password: string) =>
    cli(["switch", "shop", "green", "--store", `consul://${consul.endpoint}`], { HECD_STORE_PASSWORD: password });
  expect((await order("secret-reader")).stderr).toContain("Permission denied");
  expect(await order("secret")).toMatchObject({
    code: 0,
    stdout: "green alone serves shop (1 server); before, all did. Back: hecd switch shop --back\n",
  });
  expect(await consul.keys("/hecd/v1/steering/")).toEqual(
    new Map([
      ["/hecd/v1/steering/shop/only", "green"],
      ["/hecd/v1/steering/shop/only-before", "*"],
    ]),
  );
});
