import { expect, test } from "vitest";
import { type Measured, tablesOf } from "./table.js";

const calm: Measured = {
  act: "docker stop",
  style: "stock HTTP",
  servers: 2,
  version: "2.6",
  asked: 400,
  failed: 0,
  hung: 0,
  late: 0,
  reloads: 0,
  servedAfterMs: undefined,
  allCame: true,
  reasons: {},
};

test("what clients met is a table for each style, with a column for each version of HAProxy", () => {
  const restart = { act: "docker restart", servers: 1, servedAfterMs: 14 };
  const bad = { ...restart, failed: 3, late: 2, hung: 1, reloads: 2, allCame: false };
  expect(
    tablesOf([
      calm,
      { ...calm, ...restart, reloads: 1 },
      { ...calm, ...bad, version: "3.4" },
      { ...calm, style: "own" },
    ]),
  ).toBe(`### stock HTTP

| act | servers | 2.6 | 3.4 |
| --- | --- | --- | --- |
| docker stop | 2 | 0 of 400 |  |
| docker restart | 1 | 0 of 400, 1 reload, 14 ms | **3 of 400**, 2 late, **1 hung**, 2 reloads, 14 ms, **not served again** |

### own

| act | servers | 2.6 | 3.4 |
| --- | --- | --- | --- |
| docker stop | 2 | 0 of 400 |  |`);
});
