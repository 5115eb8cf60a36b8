import { PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DockerHint, hintOf, readHints } from "../../../src/edges/docker/events.js";
import { ManualClock, settled } from "../../support/manual-clock.js";
import { someClock, UNTIMELY } from "../../support/untimely.js";

function line(Type: string, Action: string, Actor: object, more: object = {}): string {
  return JSON.stringify({ Type, Action, Actor, ...more });
}

function start(quietMs = 10_000, clock = new ManualClock()) {
  const stream = new PassThrough();
  const hints: DockerHint[] = [];
  const end = readHints(stream, (hint) => hints.push(hint), { quietMs, clock });
  return { clock, stream, hints, end };
}

describe("the stream of events", () => {
  test("is read line by line, wherever it is cut", async () => {
    const labels = { label: "ä€😀".repeat(40) };
    const lines = ["a", "b", "c"].map((id) => line("container", "start", { ID: id, Attributes: labels }));
    const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(""));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 8 }), async (cuts) => {
        const { stream, hints, end } = start();
        const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        for (const [index, from] of edges.entries()) stream.write(bytes.subarray(from, edges[index + 1] ?? from));
        stream.end();
        expect(await end).toBe("ended");
        expect(hints.map(({ container }) => container)).toEqual(["a", "b", "c"]);
      }),
      { numRuns: 50 },
    );
  });

  test("may carry a label of any size", async () => {
    const { stream, hints, end } = start();
    const text = line("container", "start", { ID: "big", Attributes: { label: "x".repeat(5_000_000) } });
    for (let from = 0; from < text.length; from += 16_384) stream.write(text.slice(from, from + 16_384));
    stream.end("\n");
    await end;
    expect(hints.map(({ container }) => container)).toEqual(["big"]);
  });

  test("is over when it ends, breaks, or sends for ever without an end of line", async () => {
    const ended = start();
    ended.stream.end();
    expect(await ended.end).toBe("ended");
    const broken = start();
    broken.stream.destroy(new Error("socket hang up"));
    expect(await broken.end).toBe("cut");
    const endless = start();
    for (let mebibyte = 0; mebibyte < 17; mebibyte++) endless.stream.write("x".repeat(1024 * 1024));
    expect(await endless.end).toBe("cut");
    for (const { clock } of [ended, broken, endless]) expect(clock.pending).toBe(0);
  });

  test("is over when it has been silent for too long, not before", async () => {
    const { clock, stream, end } = start(10_000);
    let over = false;
    void end.then(() => (over = true));
    await clock.advance(9_000);
    stream.write("\n");
    await settled();
    await clock.advance(9_000);
    expect(over).toBe(false);
    await clock.advance(1_000);
    expect(await end).toBe("quiet");
    expect(stream.destroyed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test("is given up soon after it has fallen silent and not before, whether timers wake early or late", async () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 9_900 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(someClock, pauses, async (untimely, pausesMs) => {
        const { clock, stream, end } = start(10_000, untimely);
        let over = false;
        void end.then(() => (over = true));
        for (const pauseMs of pausesMs) {
          await clock.advance(pauseMs);
          stream.write("\n");
        }
        await clock.advance(9_999);
        expect(over).toBe(false);
        // A timer too early makes one more, and so does the last sign of life.
        await clock.advance(1 + 3 * UNTIMELY.lateMs);
        expect([over, clock.pending]).toEqual([true, 0]);
      }),
      { numRuns: 50 },
    );
  });
});

describe("an event", () => {
  test("hints at its container", () => {
    expect(hintOf(line("container", "health_status: healthy", { ID: "abc", Attributes: { name: "web1" } }))).toEqual({
      action: "health_status: healthy",
      container: "abc",
      name: "web1",
      at: 0,
    });
  });

  test("says when it happened", () => {
    const died = hintOf(line("container", "die", { ID: "abc" }, { timeNano: 1_700_000_000_123_000_000 }));
    expect(died?.at).toBeCloseTo(1_700_000_000_123, 0);
  });

  test("of a kill says which signal was sent, by number or by name", () => {
    const signalOf = (Action: string, signal?: string) =>
      hintOf(line("container", Action, { ID: "abc", Attributes: signal === undefined ? {} : { signal } }))?.signal;
    expect(signalOf("kill", "15")).toBe(15);
    expect(signalOf("kill", "SIGQUIT")).toBe(3);
    expect(signalOf("kill")).toBeUndefined();
    expect(signalOf("kill", "-1")).toBeUndefined();
    expect(signalOf("die", "15")).toBeUndefined();
  });

  test("of a network hints at the container that came or went", () => {
    const attributes = { container: "abc", name: "bridge" };
    expect(hintOf(line("network", "connect", { ID: "net", Attributes: attributes }))?.container).toBe("abc");
    expect(hintOf(line("network", "connect", { ID: "net" }))).toBeUndefined();
  });

  test("of Podman has the name that Docker gives it", () => {
    const actionOf = (Action: string) => hintOf(line("container", Action, { ID: "abc" }))?.action;
    expect(["died", "remove", "cleanup", "die", "health_status"].map(actionOf)).toEqual([
      ...["die", "destroy", "cleanup", "die", "health_status"],
    ]);
  });

  test("of a network of Podman hints at its actor, which is the container there", () => {
    const id = "a".repeat(64);
    const Attributes = { name: "web1", network: "shop", podId: "" };
    expect(hintOf(line("network", "connect", { ID: id, Attributes }))?.container).toBe(id);
    expect(hintOf(line("network", "disconnect", { ID: id, Attributes: { name: "web1", podId: "" } }))?.container).toBe(
      id,
    );
    expect(hintOf(line("network", "create", { ID: id, Attributes }))).toBeUndefined();
    expect(hintOf(line("network", "connect", { ID: "shop", Attributes }))).toBeUndefined();
  });

  test("that is of the engine or cannot be read hints at everything", () => {
    expect(hintOf(line("daemon", "reload", { ID: "x" }))).toMatchObject({ container: undefined });
    expect(hintOf("<html>")).toMatchObject({ container: undefined });
    expect(hintOf("null")).toMatchObject({ container: undefined });
    expect(hintOf("")).toBeUndefined();
  });
});
