import { describe, expect, onTestFinished, test } from "vitest";
import type { HecdEvent } from "../src/core/events/event.js";
import { claimKey } from "../src/core/model/keys.js";
import type { Snapshot } from "../src/core/model/snapshot.js";
import { formatClaim, parseClaim } from "../src/core/registry/claim.js";
import type { Transaction } from "../src/core/registry/plan.js";
import { hasCode } from "../src/errors.js";
import type { SessionOptions, SlotAnswer, Store } from "../src/ports.js";
import { eventually } from "./support/eventually.js";
import { required } from "./support/required.js";

/** A store under test, and a hand that reaches into it past all sessions. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: Store;
  readonly told: readonly HecdEvent[];
  /** Below which the test may do as it likes; a fresh one for each test. */
  readonly root: string;
  put(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
  /** Lets every lease run out, as if no sign of life had come for too long. */
  expire(): Promise<void>;
}

let sessions = 0;

/** What every store must do; one in memory, which nobody else has, needs no slots. */
export function describeStore(
  name: string,
  open: () => Promise<StoreUnderTest>,
  { hasSlots = true }: { readonly hasSlots?: boolean } = {},
): void {
  const setUp = async (): Promise<StoreUnderTest & { readonly signal: AbortSignal }> => {
    const control = new AbortController();
    const world = await open();
    onTestFinished(async () => {
      control.abort();
      await world[Symbol.asyncDispose]();
    });
    return Object.assign(world, { signal: control.signal });
  };

  /** Options for a host that no other test uses. */
  const host = (over: Partial<SessionOptions> = {}): SessionOptions => ({
    hostId: `host-${++sessions}`,
    agent: `agent-${sessions}`,
    holder: { hostname: "here", pid: 7, since: "2026-01-02T03:04:05Z" },
    ttlSeconds: 10,
    ...over,
  });
  const put = (key: string, value: string): Transaction[number] => ({ kind: "put", key, value });
  const del = (key: string): Transaction[number] => ({ kind: "delete", key });

  describe(name, () => {
    describe("read", () => {
      test("gives the paths below a prefix and the prefix itself, not what only begins alike", async () => {
        const { store, root, signal, ...hand } = await setUp();
        for (const key of ["", "/b", "/a/c", "-like", "x"]) await hand.put(`${root}/app${key}`, "1");
        const { entries } = await store.read([`${root}/app/`], signal);
        expect([...entries.keys()]).toEqual([`${root}/app`, `${root}/app/a/c`, `${root}/app/b`]);
      });

      test("joins several prefixes into one sorted whole, each key once", async () => {
        const { store, root, signal, ...hand } = await setUp();
        for (const key of ["z/1", "a/1", "a/b/1", "m/1"]) await hand.put(`${root}/${key}`, key);
        const prefixes = [`${root}/z`, `${root}/a/b`, `${root}/a`];
        const { entries } = await store.read(prefixes, signal);
        expect([...entries.keys()]).toEqual([`${root}/a/1`, `${root}/a/b/1`, `${root}/z/1`]);
      });

      test("gives an empty snapshot where there is nothing, with the store's revision", async () => {
        const { store, root, signal, ...hand } = await setUp();
        await hand.put(`${root}/x`, "1");
        const before = await store.read([`${root}/none`], signal);
        await hand.put(`${root}/x`, "2");
        const after = await store.read([`${root}/none`], signal);
        expect(before.entries.size).toBe(0);
        expect(after.revision > before.revision).toBe(true);
      });
    });

    describe("exchange", () => {
      test("changes keys at once and for good, where all of them are what they were said to be", async () => {
        const { store, root, signal, ...hand } = await setUp();
        const exchange = exchangeOf(store);
        const [a, b, c] = [`${root}/a`, `${root}/b`, `${root}/c`];
        for (const key of [a, b]) await hand.put(key, "1");
        const seen = collect(store, [root], signal);
        await eventually("the first state", () => seen.latest);
        const change = (was: string | undefined) => [
          { key: a, was: "1", is: "2" },
          { key: b, was: "1", is: undefined },
          { key: c, was, is: "3" },
        ];
        expect(await exchange(change("x"), signal)).toBe(false);
        expect((await store.read([root], signal)).entries).toEqual(new Map([a, b].map((key) => [key, "1"])));
        expect(await exchange(change(undefined), signal)).toBe(true);
        const after = [
          [a, "2"],
          [c, "3"],
        ];
        await eventually(
          "the change",
          () => JSON.stringify([...(seen.latest?.entries ?? [])]) === JSON.stringify(after),
        );
        expect(seen.latest?.leases?.size ?? 0).toBe(0);
        await hand.put(c, "4");
        expect(await exchange([{ key: c, was: "3", is: "5" }], signal)).toBe(false);
      });

      test("is made by one alone of those who have seen the same, also of keys that are not there", async () => {
        const { store, root, signal, ...hand } = await setUp();
        const exchange = exchangeOf(store);
        const [a, b, none] = [`${root}/s/a`, `${root}/s/b`, `${root}/s/none`];
        await hand.put(a, "1");
        const change = (is: string) => [
          { key: a, was: "1", is },
          { key: b, was: undefined, is },
          { key: none, was: undefined, is: undefined },
        ];
        const made = await Promise.all(["2", "3", "4"].map((is) => exchange(change(is), signal)));
        expect(made.filter((isMade) => isMade)).toHaveLength(1);
        const winner = ["2", "3", "4"][made.indexOf(true)] ?? "";
        const after = [a, b].map((key) => [key, winner] as const);
        expect((await store.read([root], signal)).entries).toEqual(new Map(after));
        await hand.put(none, "5");
        expect(await exchange([{ key: none, was: undefined, is: undefined }], signal)).toBe(false);
        expect(
          await exchange(
            [a, b].map((key) => ({ key, was: winner, is: undefined })),
            signal,
          ),
        ).toBe(true);
        expect([...(await store.read([root], signal)).entries.keys()]).toEqual([none]);
      });

      test("takes a key from a session, and leaves it to nobody", async () => {
        const { store, root, signal, ...hand } = await setUp();
        const session = await store.openSession(host(), signal);
        await session.apply([[put(`${root}/a`, "1"), put(`${root}/b`, "1")]], signal);
        const changes = [
          { key: `${root}/a`, was: "1", is: "2" },
          { key: `${root}/b`, was: "1", is: undefined },
        ];
        expect(await exchangeOf(store)(changes, signal)).toBe(true);
        const { entries, leases } = await store.read([root], signal);
        expect([...entries]).toEqual([[`${root}/a`, "2"]]);
        expect(leases?.size ?? 0).toBe(0);
        await hand.expire();
        expect((await store.read([root], signal)).entries.size).toBe(1);
      });
    });

    const describeSlots = (): void => {
      const take = ({ store, root }: StoreUnderTest, holder: string, signal: AbortSignal): Promise<SlotAnswer> => {
        const group = `group${root.replaceAll("/", "-")}`;
        return required(store.takeSlot, "slots")({ group, slots: 1, holder }, signal);
      };
      const giveBack = async (...answers: readonly SlotAnswer[]): Promise<void> => {
        for (const answer of answers) if (answer.kind === "taken") await answer.slot[Symbol.asyncDispose]();
      };

      test("is had by one until it is given back, with the name of who has it", async () => {
        const world = await setUp();
        const both = await Promise.all([take(world, "one", world.signal), take(world, "two", world.signal)]);
        expect(both.map(({ kind }) => kind).sort()).toEqual(["occupied", "taken"]);
        expect((await take(world, "three", world.signal)).kind).toBe("occupied");
        await giveBack(...both);
        const next = await take(world, "four", world.signal);
        expect(await take(world, "five", world.signal)).toEqual({ kind: "occupied", holders: ["four"] });
        await giveBack(next);
        expect((await world.store.read(["/hecd/v1/reload-slots"], world.signal)).entries.size).toBe(0);
      });

      test("is free once its lease has ended, and stays with the next one when the first gives it back", async () => {
        const world = await setUp();
        const first = await take(world, "first", world.signal);
        await world.expire();
        const second = await take(world, "second", world.signal);
        expect([first.kind, second.kind]).toEqual(["taken", "taken"]);
        await giveBack(first);
        expect(await take(world, "third", world.signal)).toEqual({ kind: "occupied", holders: ["second"] });
        await giveBack(second);
      });
    };
    if (hasSlots) describe("a slot", describeSlots);

    describe("watch", () => {
      test("begins with the present state, also when that is empty", async () => {
        const { store, root, signal } = await setUp();
        const states = store.watch([`${root}/a`, `${root}/b`], signal)[Symbol.asyncIterator]();
        expect((await states.next()).value).toMatchObject({ entries: new Map() });
      });

      test("yields puts and deletes of every prefix until the store is as it is", async () => {
        const { store, root, signal, ...hand } = await setUp();
        await hand.put(`${root}/a/1`, "old");
        const seen = collect(store, [`${root}/a`, `${root}/b`], signal);
        await eventually("the first state", () => seen.latest);
        await hand.put(`${root}/a/1`, "new");
        await hand.put(`${root}/b/2`, "2");
        await hand.put(`${root}/b-like/2`, "2");
        await hand.put(`${root}/b/0`, "0");
        await hand.delete(`${root}/b/2`);
        await eventually("the changes", () => {
          expect([...(seen.latest?.entries ?? [])]).toEqual([
            [`${root}/a/1`, "new"],
            [`${root}/b/0`, "0"],
          ]);
          return true;
        });
      });

      test("gives a reader that was busy only the newest state", async () => {
        const { store, root, signal, ...hand } = await setUp();
        const states = store.watch([root], signal)[Symbol.asyncIterator]();
        await states.next();
        const other = collect(store, [root], signal);
        for (let count = 0; count <= 50; count++) await hand.put(`${root}/count`, String(count));
        await eventually("the writes to arrive", () => other.latest?.entries.get(`${root}/count`) === "50");
        let asked = 1;
        // Both watches may be told at slightly different times, so the very newest may be one state ahead.
        while ((await next(states)).entries.get(`${root}/count`) !== "50") asked++;
        expect(asked).toBeLessThan(5);
        await hand.put(`${root}/count`, "51");
        expect((await next(states)).entries.get(`${root}/count`)).toBe("51");
      });

      test("never changes a snapshot that has been looked at", async () => {
        const { store, root, signal, ...hand } = await setUp();
        await hand.put(`${root}/a`, "1");
        const states = store.watch([root], signal)[Symbol.asyncIterator]();
        const first = await next(states);
        expect([...first.entries]).toEqual([[`${root}/a`, "1"]]);
        await hand.put(`${root}/a`, "2");
        await hand.put(`${root}/b`, "2");
        expect((await next(states)).entries.get(`${root}/a`)).toBe("2");
        expect([...first.entries]).toEqual([[`${root}/a`, "1"]]);
      });

      test("ends by throwing the signal's reason", async () => {
        const { store, root } = await setUp();
        const control = new AbortController();
        const states = store.watch([root], control.signal)[Symbol.asyncIterator]();
        await states.next();
        const waiting = states.next();
        const reason = new Error("enough");
        control.abort(reason);
        await expect(waiting).rejects.toBe(reason);
      });
    });

    describe("a session", () => {
      test("writes, replaces and deletes its keys, and knows what it holds", async () => {
        const { store, root, signal } = await setUp();
        const session = await store.openSession(host(), signal);
        expect(session.held.size).toBe(0);
        expect(
          await session.apply([[put(`${root}/a`, "1"), put(`${root}/b`, "1")], [put(`${root}/c`, "1")]], signal),
        ).toEqual([]);
        expect(await session.apply([[put(`${root}/a`, "2"), del(`${root}/b`)]], signal)).toEqual([]);
        const expected = new Map([
          [`${root}/a`, "2"],
          [`${root}/c`, "1"],
        ]);
        expect((await store.read([root], signal)).entries).toEqual(expected);
        expect(new Map(session.held)).toEqual(expected);
      });

      test("says at which revision it has written each key, as a watch has it", async () => {
        const { store, root, signal } = await setUp();
        const session = await store.openSession(host(), signal);
        await session.apply([[put(`${root}/gone`, "1")]], signal);
        for await (const { entries, recent } of store.watch([root], signal)) {
          if (entries.has(`${root}/gone`)) {
            await session.apply([[put(`${root}/a`, "1"), del(`${root}/gone`)], [put(`${root}/b`, "2")]], signal);
          } else if (entries.size === 2) {
            const told = recent?.changes.map(({ key, revision }) => [key, revision] as const);
            expect(new Map(told)).toEqual(session.written);
            break;
          }
        }
        expect(session.written.size).toBe(3);
      });

      test("carries out a thousand transactions in one go", async () => {
        const { store, root, signal } = await setUp();
        const session = await store.openSession(host(), signal);
        const many = Array.from({ length: 1_000 }, (_, n) => [
          put(`${root}/s/${n}`, `${n}`),
          put(`${root}/j/${n}`, `{${n}}`),
        ]);
        expect(await session.apply(many, signal)).toEqual([]);
        expect((await store.read([root], signal)).entries.size).toBe(2_000);
        expect(session.held.size).toBe(2_000);
      });

      test("carries out writes of the same key in the order given", async () => {
        const { store, root, signal } = await setUp();
        const session = await store.openSession(host(), signal);
        await session.apply(
          [[put(`${root}/a`, "1")], [del(`${root}/a`)], [put(`${root}/a`, "3"), put(`${root}/a`, "4")]],
          signal,
        );
        expect([...(await store.read([root], signal)).entries]).toEqual([[`${root}/a`, "4"]]);
      });

      test("leaves the keys of others as they are, tells which, and carries out the rest", async () => {
        const { store, root, signal, ...hand } = await setUp();
        await hand.put(`${root}/foreign`, "theirs");
        await hand.put(`${root}/same`, "wanted");
        const session = await store.openSession(host(), signal);
        const conflicts = await session.apply(
          [
            [put(`${root}/foreign`, "mine"), put(`${root}/own`, "1")],
            [put(`${root}/same`, "wanted")],
            [del(`${root}/foreign`)],
          ],
          signal,
        );
        expect(conflicts).toMatchObject([
          { key: `${root}/foreign`, held: "theirs", agrees: false, leased: false },
          { key: `${root}/same`, held: "wanted", agrees: true, leased: false },
        ]);
        expect([...(await store.read([root], signal)).entries]).toEqual([
          [`${root}/foreign`, "theirs"],
          [`${root}/own`, "1"],
          [`${root}/same`, "wanted"],
        ]);
        expect([...session.held]).toEqual([[`${root}/own`, "1"]]);
      });

      test("neither overwrites nor deletes the keys of another session", async () => {
        const { store, root, signal } = await setUp();
        const first = await store.openSession(host(), signal);
        const second = await store.openSession(host(), signal);
        await first.apply([[put(`${root}/a`, "first")]], signal);
        expect(await second.apply([[put(`${root}/a`, "second")], [del(`${root}/a`)]], signal)).toMatchObject([
          { key: `${root}/a`, held: "first", leased: true },
        ]);
        expect([...(await store.read([root], signal)).entries]).toEqual([[`${root}/a`, "first"]]);
      });

      test("puts over a key of others that nobody keeps alive, when told which state of it", async () => {
        const { store, root, signal, ...hand } = await setUp();
        await hand.put(`${root}/a`, "theirs");
        const session = await store.openSession(host(), signal);
        const [conflict] = await session.apply([[put(`${root}/a`, "mine")]], signal);
        const over = { ...put(`${root}/a`, "mine"), over: conflict?.version ?? "" };
        expect(await session.apply([[over, put(`${root}/b`, "1")]], signal)).toEqual([]);
        expect([...session.held]).toEqual([
          [`${root}/a`, "mine"],
          [`${root}/b`, "1"],
        ]);
        await session.close("revoke", signal);
        expect((await store.read([root], signal)).entries.size).toBe(0);
      });

      test("puts over no other state of such a key, and never over one on a lease", async () => {
        const { store, root, signal, ...hand } = await setUp();
        const [first, second] = [await store.openSession(host(), signal), await store.openSession(host(), signal)];
        await hand.put(`${root}/changing`, "theirs");
        await first.apply([[put(`${root}/alive`, "theirs")]], signal);
        const wanted = ["alive", "changing"].map((name) => put(`${root}/${name}`, "mine"));
        const versions = new Map((await second.apply([wanted], signal)).map(({ key, version }) => [key, version]));
        await hand.put(`${root}/changing`, "theirs again");
        const again = wanted.map((write) => ({ ...write, over: versions.get(write.key) ?? "" }));
        const conflicts = await second.apply([[...again, put(`${root}/rest`, "1")]], signal);
        expect(conflicts.map(({ key, held }) => [key, held])).toEqual([
          [`${root}/alive`, "theirs"],
          [`${root}/changing`, "theirs again"],
        ]);
        expect([...second.held]).toEqual([[`${root}/rest`, "1"]]);
      });

      test("writes where it may put over a key that has become free meanwhile", async () => {
        const { store, root, signal, ...hand } = await setUp();
        await hand.put(`${root}/a`, "theirs");
        const session = await store.openSession(host(), signal);
        const [conflict] = await session.apply([[put(`${root}/a`, "mine")]], signal);
        await hand.delete(`${root}/a`);
        const over = { ...put(`${root}/a`, "mine"), over: conflict?.version ?? "" };
        expect(await session.apply([[over]], signal)).toEqual([]);
        expect([...session.held]).toEqual([[`${root}/a`, "mine"]]);
      });

      test("takes the deletion of a key that is gone already for done", async () => {
        const { store, root, signal, ...hand } = await setUp();
        const session = await store.openSession(host(), signal);
        await session.apply([[put(`${root}/a`, "1"), put(`${root}/b`, "1")]], signal);
        await hand.delete(`${root}/a`);
        expect(await session.apply([[del(`${root}/a`), del(`${root}/b`), del(`${root}/never`)]], signal)).toEqual([]);
        expect(session.held.size).toBe(0);
        expect((await store.read([root], signal)).entries.size).toBe(0);
      });

      test("writes a key anew that somebody has deleted", async () => {
        const { store, root, signal, ...hand } = await setUp();
        const session = await store.openSession(host(), signal);
        await session.apply([[put(`${root}/a`, "1")]], signal);
        await hand.delete(`${root}/a`);
        expect(await session.apply([[put(`${root}/a`, "2")]], signal)).toEqual([]);
        expect([...(await store.read([root], signal)).entries]).toEqual([[`${root}/a`, "2"]]);
      });

      test("finds out by an audit what somebody has deleted or overwritten", async () => {
        const { store, root, signal, ...hand } = await setUp();
        const session = await store.openSession(host(), signal);
        await session.apply([[put(`${root}/a`, "1"), put(`${root}/b`, "1"), put(`${root}/c`, "1")]], signal);
        await hand.delete(`${root}/a`);
        await hand.put(`${root}/b`, "theirs");
        await session.audit(signal);
        expect([...session.held]).toEqual([[`${root}/c`, "1"]]);
      });

      test("is seen to hold its keys by the lease that its claim names, and others by none", async () => {
        const { store, signal, root, ...hand } = await setUp();
        const options = host();
        const session = await store.openSession(options, signal);
        const seen = collect(store, [root], signal);
        await session.apply([[put(`${root}/own`, "1")]], signal);
        await hand.put(`${root}/other`, "1");
        const lease = await eventually("both keys", () => seen.latest?.entries.size === 2 && seen.latest.leases);
        const key = claimKey(options.hostId);
        const read = await store.read([root, key], signal);
        const name = parseClaim(read.entries.get(key) ?? "")?.lease;
        expect(lease).toEqual(new Map([[`${root}/own`, name]]));
        expect(read.leases).toEqual(
          new Map([
            [`${root}/own`, name],
            [key, name],
          ]),
        );
      });

      test("removes everything at once when it is revoked (invariant 6)", async () => {
        const { store, root, signal } = await setUp();
        const options = host();
        const session = await store.openSession(options, signal);
        await session.apply([[put(`${root}/a`, "1")]], signal);
        await session.close("revoke", signal);
        expect((await store.read([root], signal)).entries.size).toBe(0);
        expect(session.lost.aborted).toBe(false);
        const next = await store.openSession(host({ hostId: options.hostId }), signal);
        expect(next.held.size).toBe(0);
      });

      test("leaves everything to the next agent of the host when it is released (invariant 6)", async () => {
        const { store, root, signal, told } = await setUp();
        const options = host();
        const session = await store.openSession(options, signal);
        await session.apply([[put(`${root}/a`, "1"), put(`${root}/b`, "2")]], signal);
        const before = await store.read([root], signal);
        await session.close("release", signal);
        const next = await store.openSession(host({ hostId: options.hostId }), signal);
        expect(new Map(next.held)).toEqual(before.entries);
        expect(told.filter(({ kind }) => kind === "session-opened")).toMatchObject([
          { adopted: false },
          { adopted: true },
        ]);
        expect(await next.apply([[put(`${root}/a`, "new"), del(`${root}/b`)]], signal)).toEqual([]);
        expect([...(await store.read([root], signal)).entries]).toEqual([[`${root}/a`, "new"]]);
      });

      test("waits while another agent holds the host, tells so, and takes over when it goes", async () => {
        const { store, root, signal, told } = await setUp();
        const options = host();
        const first = await store.openSession(options, signal);
        await first.apply([[put(`${root}/a`, "1")]], signal);
        const opening = store.openSession(host({ hostId: options.hostId }), signal);
        await eventually("the conflict to be told", () => told.find(({ kind }) => kind === "claim-held"));
        expect(told.find(({ kind }) => kind === "claim-held")).toMatchObject({
          holder: "process 7 on here since 2026-01-02T03:04:05Z",
          lastedMs: 0,
        });
        await first.close("revoke", signal);
        const second = await opening;
        expect(second.held.size).toBe(0);
        expect(await second.apply([[put(`${root}/a`, "2")]], signal)).toEqual([]);
      });

      test("gives up waiting for a host when it is called off", async () => {
        const { store, signal } = await setUp();
        const options = host();
        await store.openSession(options, signal);
        const control = new AbortController();
        const opening = store.openSession(host({ hostId: options.hostId }), control.signal);
        const reason = new Error("enough");
        control.abort(reason);
        await expect(opening).rejects.toBe(reason);
      });

      test("fails instead of waiting when told to, once it is certain that the other agent lives", async () => {
        const { store, signal } = await setUp();
        const options = host({ ttlSeconds: 2, onHeld: "fail" });
        await store.openSession(options, signal);
        const opening = store.openSession({ ...options, agent: "another" }, signal);
        await expect(opening).rejects.toMatchObject({
          fault: { code: "host-held", holder: "process 7 on here since 2026-01-02T03:04:05Z" },
        });
      }, 60_000);

      test("lets one of two agents that start together have the host", async () => {
        const { store } = await setUp();
        const options = host();
        const control = new AbortController();
        const openings = [options, host({ hostId: options.hostId })].map((one) =>
          store.openSession(one, control.signal),
        );
        await Promise.race(openings);
        control.abort(new Error("enough"));
        const outcomes = await Promise.allSettled(openings);
        expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
      });

      test("finds its own keys again when the same run of the agent opens another", async () => {
        const { store, root, signal } = await setUp();
        const options = host();
        const first = await store.openSession(options, signal);
        await first.apply([[put(`${root}/a`, "1")]], signal);
        const second = await store.openSession(options, signal);
        expect([...second.held]).toEqual([[`${root}/a`, "1"]]);
      });

      test("is lost when its lease runs out, and everything can be registered anew (invariant 7)", async () => {
        const { store, root, signal, told, ...hand } = await setUp();
        const options = host();
        const session = await store.openSession(options, signal);
        await session.apply([[put(`${root}/a`, "1")]], signal);
        await hand.expire();
        expect((await store.read([root], signal)).entries.size).toBe(0);
        const failure: unknown = await session
          .apply([[put(`${root}/a`, "1")]], signal)
          .catch((error: unknown) => error);
        expect(hasCode(failure, "session-lost")).toBe(true);
        expect(session.lost.reason).toBe(failure);
        expect(told.filter(({ kind }) => kind === "session-lost")).toHaveLength(1);
        const next = await store.openSession(options, signal);
        expect(next.held.size).toBe(0);
        expect(await next.apply([[put(`${root}/a`, "1")]], signal)).toEqual([]);
        expect((await store.read([root], signal)).entries.size).toBe(1);
      });

      test("stops writing when its claim is taken away", async () => {
        const { store, root, signal, ...hand } = await setUp();
        const options = host();
        const session = await store.openSession(options, signal);
        await hand.delete(`/hecd/v1/agents/${options.hostId}`);
        const applying = session.apply([[put(`${root}/a`, "1")]], signal);
        await expect(applying).rejects.toThrow("the claim of this host was taken away");
        expect(session.lost.aborted).toBe(true);
        expect((await store.read([root], signal)).entries.size).toBe(0);
      });

      test("gives way to a later process with the name of its agent, and waits for it in its turn", async () => {
        const { store, root, signal, told } = await setUp();
        const options = host();
        const first = await store.openSession(options, signal);
        await first.apply([[put(`${root}/a`, "1")]], signal);
        const later = { ...options, holder: { ...options.holder, pid: 8 } };
        const second = await store.openSession(later, signal);
        expect([...second.held]).toEqual([[`${root}/a`, "1"]]);
        await expect(first.audit(signal)).rejects.toThrow("the claim of this host was taken away");
        await expect(first.apply([[del(`${root}/a`)]], signal)).rejects.toThrow("was taken away");
        const opening = store.openSession(options, signal);
        await eventually("the waiting to be told", () => told.find(({ kind }) => kind === "claim-held"));
        expect(await second.apply([[put(`${root}/a`, "2")]], signal)).toEqual([]);
        await second.close("release", signal);
        expect([...(await opening).held]).toEqual([[`${root}/a`, "2"]]);
      });

      test("neither writes nor deletes once another agent has taken its host", async () => {
        const { store, root, signal, ...hand } = await setUp();
        const options = host();
        const zombie = await store.openSession(options, signal);
        await zombie.apply([[put(`${root}/a`, "1"), put(`${root}/b`, "1")]], signal);
        const claim = { host: options.hostId, agent: "another", lease: "1", released: false, holder: options.holder };
        await hand.put(`/hecd/v1/agents/${options.hostId}`, formatClaim(claim));
        const before = (await store.read([root], signal)).entries;
        const applying = zombie.apply([[put(`${root}/a`, "2"), del(`${root}/b`), put(`${root}/c`, "1")]], signal);
        await expect(applying).rejects.toThrow("the claim of this host was taken away");
        expect((await store.read([root], signal)).entries).toEqual(before);
        await zombie.close("revoke", signal);
        expect((await store.read([root], signal)).entries).toEqual(before);
      });
    });
  });
}

function exchangeOf(store: Store): NonNullable<Store["exchange"]> {
  return (changes, signal) => required(store.exchange, "exchange").call(store, changes, signal);
}

async function next(states: AsyncIterator<Snapshot>): Promise<Snapshot> {
  const result = await states.next();
  if (result.done) throw new Error("The watch has ended");
  return result.value;
}

/** Follows a watch in the background and keeps its newest state. */
export function collect(
  store: Store,
  prefixes: readonly string[],
  signal: AbortSignal,
  onState: (state: Snapshot) => void = () => undefined,
): { latest: Snapshot | undefined; count: number; failure: unknown } {
  const seen: { latest: Snapshot | undefined; count: number; failure: unknown } = {
    latest: undefined,
    count: 0,
    failure: undefined,
  };
  void (async () => {
    try {
      for await (const state of store.watch(prefixes, signal)) {
        seen.latest = state;
        onState(state);
        seen.count++;
      }
    } catch (error) {
      seen.failure = error;
    }
  })();
  return seen;
}
