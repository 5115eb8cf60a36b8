import { expect, test } from "vitest";
import { Patience } from "../../../src/edges/etcd-client/patience.js";

test("a request may take two seconds, six round trips of a long way, and eight seconds at most", () => {
  const patience = new Patience();
  expect(patience.ms).toBe(2_000);
  patience.reached(10);
  expect(patience.ms).toBe(2_000);
  patience.reached(2_000);
  expect(patience.ms).toBe(6_000);
  patience.reached(5_000);
  expect(patience.ms).toBe(8_000);
});

test("answers shorten what a request may take, and never lengthen it: a slow one says nothing of the way", () => {
  const patience = new Patience();
  patience.answered(1_900);
  expect(patience.ms).toBe(2_000);
  patience.reached(2_000);
  patience.answered(500);
  expect(patience.ms).toBe(3_000);
  patience.answered(1_000);
  expect(patience.ms).toBe(3_000);
});
