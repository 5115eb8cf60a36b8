import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import type { KeyChange } from "../../src/core/model/snapshot.js";
import { Transactions } from "../../src/edges/transactions.js";
import { ManualClock } from "../support/manual-clock.js";

const gone = (key: string): KeyChange => ({ kind: "delete", key });
const put = (key: string, value = "1"): KeyChange => ({ kind: "put", key, value });

function transactionsOf(...prefixes: readonly string[]) {
  const clock = new ManualClock();
  const given: string[] = [];
  const transactions = new Transactions(prefixes, clock, (changes, revision) => {
    given.push(...changes.map(({ key }) => `${key}@${revision}`));
  });
  onTestFinished(() => {
    transactions[Symbol.dispose]();
    expect(clock.pending).toBe(0);
  });
  return { clock, given, transactions };
}

describe("the parts of a transaction", () => {
  test("are given on at once where there is one prefix", () => {
    const { clock, given, transactions } = transactionsOf("/a");
    transactions.take("/a", [put("/a/1")], 5n);
    expect(given).toEqual(["/a/1@5"]);
    expect(clock.pending).toBe(0);
  });

  test("wait for those of the other prefixes, and are given on as soon as these are there", () => {
    const { clock, given, transactions } = transactionsOf("/a", "/b");
    transactions.take("/a", [put("/a/1")], 5n);
    expect(given).toEqual([]);
    transactions.take("/b", [put("/b/1")], 5n);
    expect(given).toEqual(["/a/1@5", "/b/1@5"]);
    expect(clock.pending).toBe(0);
  });

  test("wait for no prefix that has told of a later revision, or that nothing has changed", () => {
    const { given, transactions } = transactionsOf("/a", "/b");
    transactions.take("/b", [put("/b/1")], 7n);
    transactions.take("/a", [], 7n);
    expect(given).toEqual(["/b/1@7"]);
    transactions.take("/b", [put("/b/2")], 9n);
    transactions.take("/a", [put("/a/1")], 8n);
    expect(given).toEqual(["/b/1@7"]);
    transactions.take("/a", [], 9n);
    expect(given).toEqual(["/b/1@7", "/b/2@9", "/a/1@8"]);
  });

  test("wait no longer than it takes to read what has come with them", async () => {
    const { clock, given, transactions } = transactionsOf("/a", "/b");
    transactions.take("/a", [put("/a/1")], 5n);
    expect(given).toEqual([]);
    await clock.advance(0);
    expect(given).toEqual(["/a/1@5"]);
  });

  test("wait 20 ms for a prefix that has nothing to tell where they take keys away", async () => {
    const { clock, given, transactions } = transactionsOf("/a", "/b");
    transactions.take("/a", [gone("/a/1")], 5n);
    await clock.advance(15);
    transactions.take("/a", [gone("/a/2")], 6n);
    await clock.advance(4);
    expect(given).toEqual([]);
    await clock.advance(1);
    expect(given).toEqual(["/a/1@5"]);
    await clock.advance(14);
    expect(given).toEqual(["/a/1@5"]);
    await clock.advance(1);
    expect(given).toEqual(["/a/1@5", "/a/2@6"]);
  });

  test("are forgotten when a listing has told of them", async () => {
    const { clock, given, transactions } = transactionsOf("/a", "/b");
    transactions.take("/a", [gone("/a/1")], 5n);
    transactions.clear();
    await clock.advance(100);
    expect(given).toEqual([]);
  });

  test("are all given on once and in their order, each transaction in one go where its parts come within 20 ms", async () => {
    const steps = fc.array(
      fc.record({ touches: fc.subarray(["a", "b"], { minLength: 1 }), gap: fc.nat(9), rest: fc.nat(60) }),
      {
        maxLength: 20,
      },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const clock = new ManualClock();
        const given: { readonly keys: string; readonly at: number; readonly revision: bigint }[] = [];
        using transactions = new Transactions(["/a", "/b"], clock, (changes, revision) => {
          given.push({ keys: changes.map(({ key }) => key).join(), at: clock.now(), revision });
        });
        for (const [index, { touches, gap, rest }] of all.entries()) {
          const revision = BigInt(index + 1);
          for (const prefix of touches) {
            transactions.take(`/${prefix}`, [gone(`/${prefix}/${index}`)], revision);
            await clock.advance(prefix === touches.at(-1) ? rest : gap);
          }
        }
        await clock.advance(30);
        expect(given.map(({ keys }) => keys)).toEqual(
          all.flatMap(({ touches }, index) => touches.map((prefix) => `/${prefix}/${index}`)),
        );
        for (const [index] of all.entries()) {
          const times = given.filter(({ revision }) => revision === BigInt(index + 1)).map(({ at }) => at);
          expect(new Set(times).size).toBe(1);
        }
      }),
    );
  });
});
