import { describe, expect, test } from "vitest";
import { goldenCases, renderKeys, stockTemplate } from "../support/golden.js";

const cases = await goldenCases();

describe("the stock templates write, to the byte,", () => {
  // Renewed by `npm run test:unit -- test/template/stock-templates.test.ts --update`.
  test.each(cases)("test/golden/$name/haproxy.cfg", async ({ template, keys, env, expected }) => {
    await expect(renderKeys(await stockTemplate(template), keys, env).text).toMatchFileSnapshot(expected);
  });
});

describe("the stock templates", () => {
  test("tell of every value that they leave out", async () => {
    const { leftOut } = renderKeys(await stockTemplate("haproxy.cfg.hbs"), {
      "/app/servers/good": "10.0.0.1:80",
      "/app/servers/name": "db.internal:80",
      "/app/servers/a b": "10.0.0.3:80",
    });
    expect(leftOut.map(({ key }) => key)).toEqual(["/app/servers/a b", "/app/servers/name"]);
  });
});
