import { describe, expect, test } from "vitest";
import { explainHeld, explainWanted, type Holdings, sentenceOf } from "../../../src/core/decision/explanation.js";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import type { Container } from "../../../src/core/model/container.js";
import { decide, entriesOf } from "../../../src/core/registry/registration.js";
import { container, context } from "../../support/containers.js";

const NOTHING: Holdings = { registered: {}, conflicts: [], waitingFor: [] };

/** A container as an agent decides on it, with the keys that it wants. */
function decided(one: Container, drained = false) {
  const [first] = decide([one], context, () => ({ ...UNPROBED, drained }));
  if (!first) throw new Error("nothing was decided");
  const keys = Object.fromEntries([...entriesOf([first], context)].map(([key, { value }]) => [key, value]));
  return { about: { id: one.id, name: one.name, decision: first.decision }, keys };
}

describe("the explanation of a container", () => {
  test("names the keys that are held of it, and none of another", () => {
    const { about, keys } = decided(container("web-1"));
    const other = decided(container("web-2", { ports: [] }));
    const registered = { ...keys, ...other.keys, "/app/servers/by-hand": "192.0.2.1:80" };
    expect(explainHeld(about, { ...NOTHING, registered })).toMatchObject({ status: "registered", keys });
  });

  test("gives the reason of one that is left out", () => {
    const { about } = decided(container("db", { ports: [] }));
    const explanation = explainHeld(about, NOTHING);
    expect(explanation).toMatchObject({ status: "left-out", reason: "no-published-port", keys: {} });
    expect(sentenceOf(explanation)).toBe(
      "db is not registered (no-published-port): It publishes no TCP port; start it with -P or -p, or name the network in which HAProxy reaches it by label hecd.network",
    );
  });

  test("says that a drained one gets no new work, whether a record is held of it or nothing at all", () => {
    const { about, keys } = decided(container("web-1"), true);
    for (const registered of [keys, {}]) {
      const explanation = explainHeld(about, { ...NOTHING, registered });
      expect(explanation).toMatchObject({ status: "draining", reason: "draining", keys: registered });
      expect(sentenceOf(explanation)).toContain("gets no new work (draining): It is drained");
    }
  });

  test("shows what is still held of one that cannot be looked at", () => {
    const { about, keys } = decided(container("web-1"));
    const other = decided(container("web-2"));
    const decision = { reason: "no-answer", advice: "Docker does not answer" };
    const unseen = { ...about, decision };
    expect(explainHeld(unseen, { ...NOTHING, registered: { ...keys, ...other.keys } })).toMatchObject({
      status: "registered",
      ...decision,
      keys,
    });
    expect(explainHeld(unseen, NOTHING)).toMatchObject({ status: "left-out", ...decision, keys: {} });
  });

  test("passes on what of the labels was left aside", () => {
    const { about, keys } = decided(container("web-1", { labels: { "hecd.wieght": "7" } }));
    const notes = ["Label hecd.wieght says nothing; hecd.weight may be meant"];
    expect(explainHeld(about, { ...NOTHING, registered: keys })).toMatchObject({ status: "registered", notes });
    expect(explainWanted(about, keys)).toMatchObject({ status: "would-register", notes });
    const out = decided(container("db", { ports: [], labels: { "hecd.wieght": "7" } }));
    expect(explainHeld(out.about, NOTHING)).toMatchObject({ status: "left-out", notes });
    expect(explainWanted(out.about, {})).toMatchObject({ status: "left-out", notes });
  });

  test("says for what the agent waits while nothing is written", () => {
    const { about } = decided(container("web-1"));
    const explanation = explainHeld(about, { ...NOTHING, waitingFor: ["a lease"] });
    expect(explanation.status).toBe("pending");
    expect(sentenceOf(explanation)).toContain("It is not in the store yet; the agent waits for a lease");
  });

  test("names who holds its key: a stranger with another value, or with the same", () => {
    const { about } = decided(container("web-1"));
    const conflict = { key: "/app/servers/web-1", held: "192.0.2.1:80", agrees: false };
    const taken = explainHeld(about, { ...NOTHING, conflicts: [conflict] });
    expect(taken).toMatchObject({ status: "conflict", reason: "key-conflict" });
    expect(taken.advice).toContain("/app/servers/web-1 belongs to somebody else and holds 192.0.2.1:80");
    const same = explainHeld(about, { ...NOTHING, conflicts: [{ ...conflict, agrees: true }] });
    expect(same).toMatchObject({ status: "registered", reason: "key-conflict" });
    const registered = { "/app/servers/web-1.node1": "10.0.0.5:32768" };
    const beside = explainHeld(about, { ...NOTHING, registered, conflicts: [conflict] });
    expect(beside).toMatchObject({ status: "registered", reason: "key-conflict", keys: registered });
    expect(beside.advice).toContain("another key stands in for it");
    const others = explainHeld(about, { ...NOTHING, conflicts: [{ ...conflict, key: "/app/servers/web-2" }] });
    expect(others.status).toBe("pending");
  });

  test("says without an agent what one would do", () => {
    const { about, keys } = decided(container("web-1"));
    const explanation = explainWanted(about, keys);
    expect(explanation).toMatchObject({ status: "would-register", keys });
    expect(sentenceOf(explanation)).toBe("web-1 would be registered");
    expect(explainWanted(decided(container("db", { status: "exited" })).about, {})).toMatchObject({
      status: "left-out",
      reason: "not-running",
    });
  });
});
