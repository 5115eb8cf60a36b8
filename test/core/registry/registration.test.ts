import { describe, expect, test } from "vitest";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import { plan } from "../../../src/core/registry/plan.js";
import { decide, entriesOf, heldEntries } from "../../../src/core/registry/registration.js";
import { container, context } from "../../support/containers.js";

const unprobed = () => UNPROBED;

describe("the keys of a host", () => {
  test("are a simple key and a record for each instance, which belong to the container", () => {
    const entries = entriesOf(
      decide([container("web1"), container("web2", { status: "exited" })], context, unprobed),
      context,
    );
    expect([...entries.keys()]).toEqual(["/app/servers/web1", "/hecd/v1/services/servers/node1:web1:8080"]);
    expect(entries.get("/app/servers/web1")?.value).toBe("10.0.0.5:32768");
    expect(new Set([...entries.values()].map(({ unit }) => unit)).size).toBe(1);
  });

  test("lie beside the prefix for a container of another service", () => {
    const shop = container("web1", { labels: { "hecd.service": "shop" } });
    const entries = entriesOf(decide([shop], context, unprobed), context);
    expect([...entries.keys()]).toEqual(["/app/shop/web1", "/hecd/v1/services/shop/node1:web1:8080"]);
  });

  test("are the elder's when two containers want the same one, whatever their order", () => {
    const elder = container("a", { labels: { "hecd.name": "web" }, startedAt: "2026-01-01T00:00:00.9Z" });
    const younger = container("b", { labels: { "hecd.name": "web" }, startedAt: "2026-01-01T00:00:00.95Z" });
    for (const order of [
      [elder, younger],
      [younger, elder],
    ]) {
      const decided = new Map(
        decide(order, context, unprobed).map(({ container: { name }, decision }) => [name, decision]),
      );
      expect(decided.get("a")).toHaveProperty("instances");
      expect(decided.get("b")).toMatchObject({
        reason: "key-conflict",
        advice: expect.stringContaining("Container a ") as string,
      });
    }
  });

  test("move in one transaction when a container is renamed, also for an agent that took them over", () => {
    const held = new Map(
      [...entriesOf(decide([container("old")], context, unprobed), context)].map(([key, { value }]) => [key, value]),
    );
    const renamed = { ...container("old"), name: "new" };
    const wanted = entriesOf(decide([renamed], context, unprobed), context);
    const transactions = plan(wanted, heldEntries(held, wanted, context));
    expect(transactions.map((writes) => writes.map(({ kind, key }) => `${kind} ${key}`))).toEqual([
      [
        "put /app/servers/new",
        "put /hecd/v1/services/servers/node1:new:8080",
        "delete /app/servers/old",
        "delete /hecd/v1/services/servers/node1:old:8080",
      ],
    ]);
  });

  test("come with a note on what labels say of a service, but not as the newest container does", () => {
    const elder = container("a", { labels: { "hecd.balance": "leastconn" }, startedAt: "2026-01-01T00:00:00Z" });
    const younger = container("b", { labels: { "hecd.balance": "source" }, startedAt: "2026-01-02T00:00:00Z" });
    const notes = decide([younger, elder], context, unprobed).map(({ decision: { notes: told } }) => told);
    const note = "Not used for its service is balance leastconn, since node1:b:8080 is newer and says source";
    expect(notes).toEqual([[note], undefined]);
  });

  test("come with a note on a port of TCP that another service asks for, which comes first by name", () => {
    const asking = (name: string, labels = {}) =>
      container(name, { labels: { "hecd.service": name, "hecd.tcp.port": "6379", ...labels } });
    const all = [asking("b"), asking("a"), asking("c", { "hecd.tcp.port": "6380" }), container("d")];
    const notes = decide(all, context, unprobed).map(({ container: { name }, decision }) => [name, decision.notes]);
    const note = "Not opened is tcp.port 6379, since service a asks for it as well and comes first by name";
    expect(Object.fromEntries(notes)).toEqual({ a: undefined, b: [note], c: undefined, d: undefined });
  });

  test("are each their own affair when it cannot be told to whom they belong", () => {
    const held = new Map([
      ["/app/servers/gone", "10.0.0.5:1"],
      ["/hecd/v1/services/servers/x", "{}"],
    ]);
    expect(plan(new Map(), heldEntries(held, new Map(), context))).toEqual([
      [{ kind: "delete", key: "/app/servers/gone" }],
      [{ kind: "delete", key: "/hecd/v1/services/servers/x" }],
    ]);
  });
});
