import { expect, test } from "vitest";
import { shortcomingsOf } from "./acceptance.js";
import { cellsOf } from "./cells.js";
import { type Measured, tablesOf } from "./table.js";

const calm: Measured = {
  act: "docker stop",
  style: "stock HTTP",
  servers: 2,
  version: "2.6.12",
  asked: 400,
  failed: 0,
  hung: 0,
  late: 0,
  reloads: 0,
  servedAfterMs: undefined,
  allCame: true,
  reasons: {},
  stoodStillMs: 30,
};

test("what clients met is a table for each style, with a column for each version of HAProxy, in whatever order it came", () => {
  const restart = { act: "docker restart", servers: 1, servedAfterMs: 14 };
  const bad = { ...restart, failed: 3, late: 2, hung: 1, reloads: 2, allCame: false };
  expect(
    tablesOf([
      { ...calm, style: "confd-style" },
      { ...calm, ...bad, version: "3.4.7" },
      { ...calm, ...restart, failed: 9 },
      calm,
    ]),
  ).toBe(`### stock HTTP

| act | 2.6.12 | 3.4.7 |
| --- | --- | --- |
| docker stop | 0 of 400 |  |
| docker restart | 9 of 400, 14 ms | **3 of 400, 2 late, 1 hung, 2 reloads, 14 ms, not served again** |

### confd-style

| act | 2.6.12 | 3.4.7 |
| --- | --- | --- |
| docker stop | 0 of 400 |  |`);
});

test("clients are promised that nothing fails where another server is there or requests wait, and nothing late elsewhere", () => {
  const failing = { ...calm, failed: 2, late: 1 };
  expect(shortcomingsOf(failing)).toEqual(["2 failed"]);
  expect(shortcomingsOf({ ...failing, servers: 1 })).toEqual(["1 failed"]);
  expect(shortcomingsOf({ ...failing, servers: 1, late: 0 })).toEqual([]);
  expect(shortcomingsOf({ ...failing, servers: 1, late: 0, style: "stock HTTP with HECD_HOLD=40s" })).toEqual([
    "2 failed",
  ]);
  expect(shortcomingsOf({ ...calm, hung: 1, allCame: false })).toEqual(["1 hung", "not served again"]);
});

test("no act takes a reload but the one that is a reload", () => {
  expect(shortcomingsOf({ ...calm, reloads: 2 })).toEqual(["2 reloads"]);
  expect(shortcomingsOf({ ...calm, act: "HAProxy reloaded by hand", reloads: 2 })).toEqual(["1 reload"]);
  expect(shortcomingsOf({ ...calm, act: "HAProxy reloaded by hand", reloads: 1 })).toEqual([]);
});

test("an act is measured with as many servers as it takes, and not where all would only wait until their time is over", () => {
  const found = (style: string, act: string) => cellsOf({ style, act, servers: [1, 2] }).map(({ servers }) => servers);
  expect(found("confd", "docker stop")).toEqual([1, 2]);
  expect(found("stock TCP with", "docker stop")).toEqual([2]);
  expect(found("confd", "host gone")).toEqual([2]);
  expect(cellsOf({ style: "", act: "", servers: [1, 2, 3] }).length).toBeGreaterThan(300);
});
