import { describe, expect, test } from "vitest";
import type { HecdEvent, Outcome } from "../../../src/core/events/event.js";
import { snapshotOf } from "../../../src/core/model/snapshot.js";
import { FileHistory, type TurnEnd } from "../../../src/renderer/history/file-history.js";
import { ManualClock } from "../../support/manual-clock.js";
import { resourceOf } from "../../support/pushed-store.js";
import { MemoryHistory } from "./memory-history.js";

const APPLIED: Outcome = { kind: "applied", bytes: 1 };
const REJECTED: Outcome = { kind: "rejected", output: "line 3: unknown word" };

/** A history of one file, and what is put down in it. */
class World {
  readonly kept = new MemoryHistory();
  readonly told: HecdEvent[] = [];
  readonly ids = { last: 0 };
  news = 0;
  history = this.#fresh();

  #fresh(source = ""): FileHistory {
    const emit = (event: HecdEvent): void => void this.told.push(event);
    return new FileHistory(resourceOf({ source }), {
      ...{ history: this.kept, clock: new ManualClock(), emit, ids: this.ids },
      onNews: () => (this.news += 1),
    });
  }

  /** The next process. */
  async restart(file: string | undefined, source = ""): Promise<void> {
    await this.history.written();
    this.history = this.#fresh(source);
    await this.history.open(file);
  }

  turn(value: string, outcome: Outcome = APPLIED, more: Partial<TurnEnd> = {}): void {
    const snapshot = snapshotOf(7n, [["/app/web/a", value]]);
    const isRefused = outcome.kind === "rejected";
    const log = { how: undefined, reason: undefined, commands: 0, did: [] };
    const end = { outcome, tookMs: 2, snapshot, text: value, file: isRefused ? "old" : value, log, ...more };
    this.history.note(end, this.history.causeOf(end.snapshot));
  }

  /** Why and how each entry came, as `keys applied`. */
  async entries(): Promise<readonly string[]> {
    await this.history.written();
    return (await this.kept.entries(100)).map(({ why, outcome }) => `${why.kind} ${outcome}`).reverse();
  }
}

async function opened(file?: string): Promise<World> {
  const world = new World();
  await world.history.open(file);
  return world;
}

describe("the history of a file", () => {
  test("begins with the file as somebody else has written it", async () => {
    const world = await opened("by hand");
    world.turn("1");
    expect(await world.entries()).toEqual(["found found", "start applied"]);
    expect(await world.kept.version(1)).toMatchObject({ text: "by hand", before: "" });
    expect(await world.kept.version(2)).toMatchObject({ text: "1", before: "by hand" });
  });

  test("says of each change which keys led to it", async () => {
    const world = await opened();
    for (const value of ["1", "2"]) world.turn(value);
    expect(await world.entries()).toEqual(["start applied", "keys applied"]);
    expect((await world.kept.entries(1))[0]).toMatchObject({
      why: { keys: [{ key: "/app/web/a", what: "changed" }], more: 0 },
      ...{ revision: "7", digest: "digest of 2", tookMs: 2 },
    });
  });

  test("says that no key has changed where the file or HAProxy was otherwise than it should be", async () => {
    const world = await opened();
    for (const value of ["1", "1"]) world.turn(value);
    expect(await world.entries()).toEqual(["start applied", "resync applied"]);
  });

  test("has nothing to say of a turn that has changed nothing", async () => {
    const world = await opened();
    world.turn("1");
    world.turn("1", { kind: "unchanged" });
    expect(await world.entries()).toEqual(["start applied"]);
  });

  test("has a refused text with what the check has said, once, however often it is tried", async () => {
    const world = await opened("old");
    world.turn("1", REJECTED);
    world.turn("1", REJECTED);
    world.turn("2");
    expect(await world.entries()).toEqual(["found found", "start rejected", "start applied"]);
    expect(await world.kept.version(2)).toMatchObject({ text: "1", before: "old", isRefused: true });
    expect((await world.kept.entries(2))[1]).toMatchObject({ output: "line 3: unknown word" });
  });

  test("counts all keys since the last turn that has ended well", async () => {
    const world = await opened("old");
    world.turn("1");
    world.turn("2", REJECTED);
    const snapshot = snapshotOf(8n, [
      ["/app/web/a", "2"],
      ["/app/web/b", "3"],
    ]);
    world.turn("3", APPLIED, { snapshot });
    await world.history.written();
    expect((await world.kept.entries(1))[0]?.why).toMatchObject({
      keys: [{ key: "/app/web/a" }, { key: "/app/web/b" }],
    });
  });

  test("tells an edit of the template from all else, also one that was made while nobody ran", async () => {
    const world = await opened();
    world.turn("1");
    world.history.follow(resourceOf({ source: "other" }));
    world.turn("2");
    await world.restart("2", "third");
    world.turn("3");
    await world.restart("3", "third");
    world.turn("4");
    expect(await world.entries()).toEqual(["start applied", "template applied", "template applied", "start applied"]);
  });

  test("notes that somebody has changed the file while nobody ran", async () => {
    const world = await opened();
    world.turn("1");
    await world.restart("by hand");
    expect(await world.entries()).toEqual(["start applied", "found found"]);
    expect(await world.kept.version(2)).toMatchObject({ text: "by hand", before: "1" });
  });

  test("says of a turn that has brought an edited file back that it was edited, and not that keys have changed", async () => {
    const world = await opened();
    world.turn("1");
    world.history.ownText = "1";
    world.history.found("by hand", ["1 line added"]);
    world.history.found("by hand", ["1 line added"]);
    world.turn("1");
    world.turn("1");
    expect(await world.entries()).toEqual(["start applied", "found found", "edited applied", "resync applied"]);
    expect(await world.kept.version(2)).toMatchObject({ text: "by hand", before: "1" });
    expect((await world.kept.entries(2))[1]?.why).toEqual({ kind: "edited", differences: ["1 line added"] });
  });

  test("knows what the file has from an earlier process, unless what was found was left so", async () => {
    const world = await opened();
    world.turn("1");
    await world.restart("by hand");
    expect(world.history.ownText).toBe("1");
    await world.restart("by hand");
    expect(world.history.ownText).toBeUndefined();
  });

  test("goes on counting where the process before it has ended", async () => {
    const world = await opened();
    world.turn("1");
    await world.restart("1");
    world.ids.last = 0;
    await world.restart("1");
    world.turn("2");
    expect(await world.entries()).toEqual(["start applied", "start applied"]);
    expect((await world.kept.entries(1))[0]?.id).toBe(2);
  });

  test("has an entry of what somebody has ordered, though it came to nothing", async () => {
    const world = await opened();
    world.turn("1");
    world.history.expect({ kind: "rollback", to: 1 });
    world.turn("1", { kind: "unchanged" });
    world.turn("1", { kind: "unchanged" });
    expect(await world.entries()).toEqual(["start applied", "rollback unchanged"]);
  });

  test("knows the addresses that the store has shown until a version, none of those after it", async () => {
    const world = await opened();
    for (const value of ["10.0.0.1:80", "10.0.0.2:80"]) world.turn(value);
    await world.history.written();
    expect((await world.kept.version(1))?.addresses).toEqual(new Set(["10.0.0.1:80"]));
    expect((await world.kept.version(2))?.addresses).toEqual(new Set(["10.0.0.1:80", "10.0.0.2:80"]));
  });

  test("tells once that the disk is full, loses what cannot be written and nothing else, and goes on", async () => {
    const world = await opened();
    world.turn("1");
    await world.history.written();
    world.kept.isFull = true;
    for (const value of ["2", "3"]) world.turn(value);
    await world.history.written();
    world.kept.isFull = false;
    expect(await world.entries()).toEqual(["start applied"]);
    expect(world.told).toEqual([
      {
        ...{ kind: "history-unwritable", resource: "one.toml", lastedMs: 0 },
        reason: "ENOSPC: no space left on device, write",
      },
    ]);
    world.turn("4");
    expect(await world.entries()).toEqual(["start applied", "keys applied"]);
  });

  test("holds its newest entries in memory once somebody asks, with each that comes, and reads the disk no more", async () => {
    const world = await opened();
    for (let n = 0; n < 30; n++) world.turn(String(n));
    expect(world.history.newest.entries).toBeUndefined();
    await Promise.all([world.history.readNewest(), world.history.readNewest()]);
    const ids = () => world.history.newest.entries?.map(({ id }) => id);
    expect(ids()).toEqual(Array.from({ length: 20 }, (_, n) => 30 - n));
    world.kept.lines.length = 0;
    const did = Array.from({ length: 10_000 }, (_, n) => `web/w${n} added`);
    world.turn("more", APPLIED, { log: { how: "runtime", reason: undefined, commands: 1, did } });
    await world.history.readNewest();
    await world.history.written();
    expect(ids()).toEqual(Array.from({ length: 20 }, (_, n) => 31 - n));
    expect(world.history.newest.entries?.[0]?.did).toHaveLength(20);
    expect(world.news).toBe(32);
  });

  test("says why it is not kept while that is so, and holds nothing that is not on disk", async () => {
    const world = await opened();
    world.turn("1");
    await world.history.readNewest();
    world.kept.isFull = true;
    world.turn("2");
    await world.history.written();
    expect(world.history.newest).toMatchObject({
      entries: [{ id: 1 }],
      fault: "ENOSPC: no space left on device, write",
    });
    world.kept.isFull = false;
    world.turn("3");
    await world.history.written();
    expect(world.history.newest.fault).toBeUndefined();
    expect(world.history.newest.entries?.map(({ id }) => id)).toEqual([3, 1]);
  });

  test("says that it cannot be read, and is read when it can be", async () => {
    const world = await opened();
    world.turn("1");
    await world.history.written();
    world.kept.isLegible = false;
    await world.history.readNewest();
    expect(world.history.newest).toMatchObject({ entries: undefined, fault: "EACCES: permission denied" });
    world.kept.isLegible = true;
    await world.history.readNewest();
    expect(world.history.newest).toMatchObject({ entries: [{ id: 1 }], fault: undefined });
  });
});
