import { describe, expect, test } from "vitest";
import { pushToAll, type TargetResult } from "../../../src/commands/push/fleet.js";
import type { FleetTarget } from "../../../src/core/fleet/target.js";

const TARGETS = Array.from({ length: 6 }, (_, index) => ({ container: "c", engine: `${index}`, name: `${index}` }));
const { signal } = new AbortController();

/** Pushes to six targets that end as is said by their names, all others as changed; resolves to what happened. */
async function push(
  { parallel = 1, canaries = 0 }: { readonly parallel?: number; readonly canaries?: number },
  said: Readonly<Record<string, TargetResult["result"]>> = {},
  sick: readonly string[] = [],
) {
  const course: string[] = [];
  let busy = 0;
  let busiest = 0;
  const reports = await pushToAll(
    {
      targets: TARGETS,
      parallel,
      canaries,
      async bring({ name }) {
        busiest = Math.max(busiest, ++busy);
        course.push(name);
        await new Promise(setImmediate);
        busy--;
        return { result: said[name] ?? "changed" };
      },
      watch(watched: readonly FleetTarget[]) {
        course.push(`watch ${watched.map(({ name }) => name).join()}`);
        const found = watched.filter(({ name }) => sick.includes(name));
        return Promise.resolve(new Map(found.map((target) => [target, { result: "failed" } as const])));
      },
      onBegin: () => undefined,
      onEnd: () => undefined,
    },
    signal,
  );
  return { course: course.join(" "), busiest, results: reports.map(({ result }) => result.slice(0, 1)).join("") };
}

describe("a push to a fleet", () => {
  test("goes from one to the next", async () => {
    expect(await push({})).toEqual({ course: "0 1 2 3 4 5", busiest: 1, results: "cccccc" });
  });

  test("has so many under way at a time as are allowed", async () => {
    expect(await push({ parallel: 3 })).toMatchObject({ busiest: 3, results: "cccccc" });
    expect(await push({ parallel: 64 })).toMatchObject({ busiest: 6, results: "cccccc" });
  });

  test("ends at the first failure, with those that are under way", async () => {
    expect(await push({}, { 2: "failed" })).toEqual({ course: "0 1 2", busiest: 1, results: "ccfnnn" });
    expect(await push({ parallel: 2 }, { 0: "failed" })).toMatchObject({ course: "0 1", results: "fcnnnn" });
  });

  test("begins with the canaries, and watches those that it has changed before it goes on", async () => {
    expect(await push({ canaries: 2 }, { 0: "same" })).toMatchObject({
      course: "0 1 watch 1 2 3 4 5",
      results: "sccccc",
    });
    expect(await push({ canaries: 2, parallel: 4 })).toMatchObject({ course: "0 1 watch 0,1 2 3 4 5", busiest: 4 });
  });

  test("watches nothing where all canaries have the file already", async () => {
    expect(await push({ canaries: 1 }, { 0: "same" })).toMatchObject({ course: "0 1 2 3 4 5" });
  });

  test("goes to nobody else when a canary has failed, or is sick", async () => {
    expect(await push({ canaries: 2 }, { 1: "failed" })).toMatchObject({ course: "0 1", results: "cfnnnn" });
    expect(await push({ canaries: 2 }, {}, ["0"])).toMatchObject({ course: "0 1 watch 0,1", results: "fcnnnn" });
  });

  test("may have more canaries than targets", async () => {
    expect(await push({ canaries: 9 })).toMatchObject({ course: "0 1 2 3 4 5 watch 0,1,2,3,4,5", results: "cccccc" });
  });
});
