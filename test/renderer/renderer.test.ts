import { describe, expect, test } from "vitest";
import type { HecdEvent } from "../../src/core/events/event.js";
import type { ReloadVerdict, Resource, Target, Verdict } from "../../src/ports.js";
import { DEFAULT_OPTIONS } from "../../src/renderer/apply.js";
import { Renderer, type RendererParts } from "../../src/renderer/renderer.js";
import { ManualClock, settled } from "../support/manual-clock.js";
import { MemoryHistory } from "./history/memory-history.js";
import { PushedStore, PushedTemplates, resourceOf, textIn } from "../support/pushed-store.js";

/** A renderer on a store, templates and HAProxies of the test's own making. */
class World {
  readonly clock = new ManualClock();
  readonly store = new PushedStore();
  readonly templates = new PushedTemplates();
  readonly stop = new AbortController();
  readonly told: HecdEvent[] = [];
  /** What was done, as `one.toml reload`. */
  readonly journal: string[] = [];
  readonly files = new Map<string, string>();
  /** The texts that HAProxies were to be adjusted to. */
  readonly adjusted: string[] = [];
  /** How many parts it takes at run time to bring something in; without a number only a reload does it. */
  readonly parts = new Map<string, number>();
  /** How checks and reloads end, by resource and act; well when nothing is said. */
  readonly ends = new Map<string, string>();
  /** Reloads that wait for the test to let them end. */
  readonly held: (() => void)[] = [];
  isHolding = false;
  /** How many reloads a worker has outlived that is still at work from before. */
  outlived = 0;
  /** How many checks and reloads run at this moment, and the most there ever were. */
  atWork = 0;
  mostAtWork = 0;
  leftOut: readonly { readonly key: string; readonly reason: string }[] = [];
  readonly renderer: Renderer;
  readonly #runs = new Map<string, string | undefined>();
  #running: Promise<unknown> | undefined;

  constructor(dryRun = false, historyOf?: RendererParts["historyOf"]) {
    this.renderer = new Renderer({
      templates: this.templates,
      storeOf: () => this.store,
      compile: async (resource) => {
        if (resource.source === "broken") throw new Error("Cannot render one.hbs:1: broken");
        return (snapshot) => ({ text: `${resource.source}${textIn(snapshot)}`, leftOut: this.leftOut });
      },
      targetOf: (resource) => this.#target(resource),
      balancerOf: async ({ name, dest }) => ({
        check: () => this.#act(name, "check"),
        adjust: async ({ wanted }) => {
          this.adjusted.push(wanted);
          const left = this.parts.get(name);
          if (left !== undefined && left > 0) {
            this.parts.set(name, left - 1);
            this.journal.push(`${name} part`);
            return left > 1 ? { kind: "partial", commands: 1 } : { kind: "adjusted", commands: 1 };
          }
          return wanted === this.#runs.get(name) ? { kind: "agrees" } : { kind: "reload", reason: "" };
        },
        outlivedReloads: async () => this.outlived,
        reload: async (): Promise<ReloadVerdict> => {
          const { accepted, output } = await this.#act(name, "reload");
          if (accepted) this.#runs.set(name, this.files.get(dest));
          return { kind: accepted ? "proven" : "failed", output };
        },
      }),
      clock: this.clock,
      emit: (event) => this.told.push(event),
      ...DEFAULT_OPTIONS,
      staleAfterMs: 30_000,
      dryRun,
      historyOf,
    });
  }

  start(...resources: readonly Resource[]): void {
    this.templates.show(resources);
    this.#running = this.renderer.run(this.stop.signal).catch((error: unknown) => error);
  }

  async [Symbol.asyncDispose]() {
    this.stop.abort(new Error("stop"));
    for (const end of this.held.splice(0)) end();
    if (this.#running) expect(await this.#running).toBe(this.stop.signal.reason);
    expect(this.store.watchers).toBe(0);
    expect(this.clock.pending).toBe(0);
  }

  /** Has an HAProxy run a text that commands have brought to it. */
  take(name: string, text: string): void {
    this.#runs.set(name, text);
  }

  /** The journal so far, which begins anew. */
  done(): readonly string[] {
    return this.journal.splice(0);
  }

  outcomes(): readonly string[] {
    return this.told.flatMap((event) => (event.kind === "applied" ? [event.outcome.kind] : []));
  }

  async #act(name: string, act: "check" | "reload"): Promise<Verdict> {
    this.journal.push(`${name} ${act}`);
    this.mostAtWork = Math.max(this.mostAtWork, ++this.atWork);
    if (this.isHolding) await new Promise<void>((resolve) => this.held.push(resolve));
    this.atWork--;
    const output = this.ends.get(`${name} ${act}`);
    return { accepted: output === undefined, output: output ?? "" };
  }

  #target({ dest }: Resource): Target {
    let lastGood: string | undefined;
    let isUnproven = false;
    return {
      read: async () => this.files.get(dest),
      condition: async () => (isUnproven ? "unproven" : "sound"),
      stage: async (text) => ({
        path: `${dest}.staged`,
        commit: async () => {
          lastGood = this.files.get(dest);
          isUnproven = true;
          this.files.set(dest, text);
        },
        [Symbol.asyncDispose]: async () => undefined,
      }),
      differences: async () => [],
      amend: async () => undefined,
      confirm: async () => {
        isUnproven = false;
      },
      restore: async () => {
        if (lastGood === undefined) return false;
        this.files.set(dest, lastGood);
        return true;
      },
    };
  }
}

const ONE = resourceOf({
  name: "one.toml",
  dest: "/one.cfg",
  reloadBurst: 1,
  minReloadIntervalMs: 1_000,
  haproxy: { socket: undefined, reload: { kind: "master", socket: "/m.sock" } },
});
const TWO: Resource = { ...ONE, name: "two.toml", dest: "/two.cfg" };
const OTHER: Resource = { ...ONE, name: "other.toml", dest: "/other.cfg", minReloadIntervalMs: 0, haproxy: undefined };

describe("the renderer", () => {
  test("applies the first change after quiet at once (invariant 5)", async () => {
    await using world = new World();
    world.start(ONE);
    world.store.say("first");
    await settled();
    expect(world.files.get("/one.cfg")).toBe("first");
    expect(world.renderer.waitingFor).toEqual([]);
  });

  test("is not ready while what it knows of the store may be older than it is told to bear", async () => {
    await using world = new World();
    world.start(ONE);
    world.store.say("first");
    await settled();
    world.store.staleMs = 30_000;
    expect(world.renderer.waitingFor).toEqual([]);
    world.store.staleMs = 45_200;
    expect(world.renderer.waitingFor).toEqual(["the store: what one.toml is made of is 45 s old"]);
    expect(world.renderer.state.resources).toMatchObject([{ name: "one.toml", staleMs: 45_200 }]);
  });

  test("keeps a distance between reloads in which the newest state wins (invariants 4 and 5)", async () => {
    await using world = new World();
    world.start(ONE);
    world.store.say("0");
    await settled();
    world.done();
    for (let change = 1; change <= 20; change++) {
      world.store.say(String(change));
      await world.clock.advance(49);
    }
    expect(world.done()).toEqual([]);
    await world.clock.advance(20);
    expect(world.done()).toEqual(["one.toml check", "one.toml reload"]);
    expect(world.files.get("/one.cfg")).toBe("20");
    await world.clock.advance(10_000);
    expect(world.done()).toEqual([]);
  });

  test("makes some reloads at once after quiet, and a burst of changes costs a handful (invariant 5)", async () => {
    await using world = new World();
    world.start({ ...ONE, reloadBurst: 5 });
    world.store.say("0");
    await settled();
    world.done();
    for (const text of ["1", "2"]) {
      world.store.say(text);
      await world.clock.advance(500);
      expect(world.done()).toEqual(["one.toml check", "one.toml reload"]);
      expect(world.files.get("/one.cfg")).toBe(text);
    }
    await world.clock.advance(10_000);
    for (let change = 1; change <= 1_000; change++) {
      world.store.say(`burst ${change}`);
      await world.clock.advance(1);
    }
    await world.clock.advance(10_000);
    expect(world.files.get("/one.cfg")).toBe("burst 1000");
    expect(world.done().filter((what) => what === "one.toml reload")).toHaveLength(6);
  });

  test("makes fewer of them at once while a worker is still at work that has outlived some (invariant 10)", async () => {
    await using world = new World();
    world.start({ ...ONE, reloadBurst: 5 });
    world.store.say("0");
    await settled();
    world.outlived = 5;
    world.store.say("1");
    await world.clock.advance(999);
    expect(world.files.get("/one.cfg")).toBe("0");
    await world.clock.advance(1);
    expect(world.files.get("/one.cfg")).toBe("1");
    world.outlived = 0;
    world.store.say("2");
    await settled();
    expect(world.files.get("/one.cfg")).toBe("2");
  });

  test("lets HAProxy have of each newer state what needs no reload, while that has to wait", async () => {
    await using world = new World();
    world.start(ONE);
    world.store.say("0");
    await settled();
    world.adjusted.length = 0;
    for (const text of ["1", "2", "3"]) {
      world.store.say(text);
      await settled();
    }
    expect(world.adjusted).toEqual(["1", "2", "3"]);
    expect(world.files.get("/one.cfg")).toBe("0");
    await world.clock.advance(1_000);
    expect(world.files.get("/one.cfg")).toBe("3");
  });

  test("looks at HAProxy every 5 s without rendering anew, since a template may show the time", async () => {
    await using world = new World();
    world.start(ONE);
    world.store.say("first");
    await settled();
    world.adjusted.length = 0;
    await world.clock.advance(15_000);
    expect(world.adjusted).toEqual(["first", "first", "first"]);
    expect(world.told.filter(({ kind }) => kind === "rendered")).toHaveLength(1);
    expect(world.outcomes()).toEqual(["applied"]);
  });

  test("replaces what comes in while a reload runs by the newest (invariant 4)", async () => {
    await using world = new World();
    world.isHolding = true;
    world.start({ ...ONE, minReloadIntervalMs: 0, haproxy: undefined });
    world.store.say("first");
    await settled();
    for (const text of ["second", "third", "fourth"]) {
      world.store.say(text);
      await settled();
    }
    world.isHolding = false;
    world.held.shift()?.();
    await settled();
    expect(world.outcomes()).toEqual(["applied", "applied"]);
    expect(world.files.get("/one.cfg")).toBe("fourth");
  });

  test("lets those that share an HAProxy take turns, at their distance, with the newest state (invariant 4)", async () => {
    await using world = new World();
    world.start(ONE, TWO);
    world.store.say("first");
    await settled();
    expect(world.done()).toEqual(["one.toml check", "one.toml reload"]);
    world.store.say("second");
    await world.clock.advance(1_000);
    expect(world.done()).toEqual(["two.toml check", "two.toml reload"]);
    expect(world.files.get("/two.cfg")).toBe("second");
    await world.clock.advance(1_000);
    expect(world.files.get("/one.cfg")).toBe("second");
    expect(world.mostAtWork).toBe(1);
  });

  test("lets others have their turn between two parts of a large change, which goes on with the newest state", async () => {
    await using world = new World();
    world.start(ONE, TWO);
    world.store.say("first");
    await world.clock.advance(2_000);
    world.done();
    for (const { name } of [ONE, TWO]) world.parts.set(name, name === ONE.name ? 3 : 1);
    world.store.say("second");
    await settled();
    const done = world.done();
    expect(done.slice(0, 2)).toEqual(["one.toml part", "two.toml part"]);
    expect(done.filter((act) => act === "one.toml part")).toHaveLength(3);
    expect([...world.files.values()]).toEqual(["second", "second"]);
  });

  test("does not touch HAProxy for a state that renders the same (invariant 3)", async () => {
    await using world = new World();
    world.start(ONE);
    world.store.say("same");
    await settled();
    world.done();
    world.store.say("same");
    await world.clock.advance(5_000);
    expect(world.done()).toEqual([]);
    expect(world.outcomes()).toEqual(["applied", "unchanged"]);
  });

  test("goes on with the others when one fails", async () => {
    await using world = new World();
    world.ends.set("one.toml check", "line 3");
    world.start(ONE, OTHER, resourceOf({ name: "broken.toml", dest: "/broken", source: "broken" }));
    world.store.say("first");
    await settled();
    expect(world.files).toEqual(new Map([["/other.cfg", "first"]]));
    expect(world.renderer.waitingFor).toEqual(["/one.cfg (rejected)", "/broken (failed)"]);
    expect(world.renderer.state.resources).toMatchObject([
      { name: "one.toml", outcome: { kind: "rejected" }, lastError: "line 3", revision: "1", agoMs: 0 },
      { name: "other.toml", outcome: { kind: "applied" } },
      { name: "broken.toml", lastError: "Cannot render one.hbs:1: broken" },
    ]);
    expect(world.told).toContainEqual(expect.objectContaining({ kind: "render-failed", resource: "broken.toml" }));
  });
});

describe("what was refused", () => {
  test("is tried again with the next state, as soon as it comes", async () => {
    await using world = new World();
    world.ends.set("one.toml check", "no");
    world.start(ONE);
    world.store.say("bad");
    await settled();
    world.ends.clear();
    world.store.say("good");
    await settled();
    expect(world.files.get("/one.cfg")).toBe("good");
  });

  test("is tried again by itself, ever more rarely, because the cause may be outside", async () => {
    await using world = new World();
    world.ends.set("one.toml check", "no such certificate");
    world.start(ONE);
    world.store.say("first");
    await world.clock.advance(4_000);
    const soon = world.outcomes().length;
    expect(soon).toBeGreaterThanOrEqual(3);
    await world.clock.advance(300_000);
    expect(world.outcomes().length - soon).toBeLessThan(20);
    world.ends.clear();
    await world.clock.advance(60_000);
    expect(world.files.get("/one.cfg")).toBe("first");
    expect(world.outcomes().at(-1)).toBe("applied");
  });
});

describe("what was refused after all was well", () => {
  test("is tried again as soon as the first time", async () => {
    await using world = new World();
    world.start({ ...ONE, minReloadIntervalMs: 0, haproxy: undefined });
    for (const text of ["bad", "worse"]) {
      world.ends.set("one.toml check", "no");
      world.store.say(text);
      await world.clock.advance(30_000);
      world.ends.clear();
      await world.clock.advance(60_000);
      expect(world.files.get("/one.cfg")).toBe(text);
    }
    world.ends.set("one.toml check", "no");
    world.store.say("worst");
    await settled();
    world.ends.clear();
    await world.clock.advance(1_000);
    expect(world.files.get("/one.cfg")).toBe("worst");
  });
});

describe("what was taken back", () => {
  test("is not tried again for a new state before its time, and then with the newest", async () => {
    await using world = new World();
    world.start({ ...ONE, minReloadIntervalMs: 0, haproxy: undefined });
    world.store.say("good");
    await settled();
    world.ends.set("one.toml reload", "no port");
    world.store.say("bad");
    await settled();
    expect(world.outcomes()).toEqual(["applied", "rolled-back"]);
    world.done();
    for (const text of ["bad 2", "bad 3", "better"]) {
      world.store.say(text);
      await world.clock.advance(100);
    }
    expect(world.done()).toEqual([]);
    world.ends.clear();
    await world.clock.advance(1_000);
    expect(world.files.get("/one.cfg")).toBe("better");
    await world.clock.advance(60_000);
    expect(world.outcomes().filter((kind) => kind === "applied")).toHaveLength(2);
  });
});

describe("an update that takes most servers away", () => {
  const PATIENT: Resource = { ...ONE, minReloadIntervalMs: 0, removalGraceMs: 10_000 };
  const servers = (count: number): string => `backend b\n${"server s 10.0.0.1:80\n".repeat(count)}`;

  async function startWith(count: number): Promise<World> {
    const world = new World();
    world.start(PATIENT);
    world.store.say(servers(count));
    await settled();
    expect(world.files.get("/one.cfg")).toBe(servers(count));
    return world;
  }

  test("is held back, and taken up when the store still says so after the grace", async () => {
    await using world = await startWith(5);
    world.store.say(servers(1));
    await world.clock.advance(9_999);
    expect(world.files.get("/one.cfg")).toBe(servers(5));
    expect(world.outcomes()).toEqual(["applied", "held"]);
    expect(world.renderer.waitingFor).toEqual(["/one.cfg (held)"]);
    await world.clock.advance(1);
    expect(world.files.get("/one.cfg")).toBe(servers(1));
    expect(world.renderer.waitingFor).toEqual([]);
  });

  test("gives way at once to one that brings them back, and to one that takes few away", async () => {
    await using world = await startWith(5);
    world.store.say(servers(0));
    await world.clock.advance(5_000);
    world.store.say(servers(4));
    await settled();
    expect(world.files.get("/one.cfg")).toBe(servers(4));
    world.store.say(servers(0)); // the grace begins anew
    await world.clock.advance(9_000);
    expect(world.files.get("/one.cfg")).toBe(servers(4));
    await world.clock.advance(1_000);
    expect(world.files.get("/one.cfg")).toBe(servers(0));
  });

  test("is not put off for ever by a busy store", async () => {
    await using world = await startWith(5);
    for (let round = 0; round < 12; round++) {
      world.store.say(`${servers(0)}# ${round}\n`);
      await world.clock.advance(1_000);
    }
    expect(world.files.get("/one.cfg")).toMatch(/^backend b\n# \d+\n$/);
    expect(world.outcomes().filter((kind) => kind === "held")).toHaveLength(1);
  });

  test("is never believed while the store cannot be asked (invariant 9)", async () => {
    await using world = await startWith(5);
    world.store.isAway = true;
    world.store.say(servers(0));
    await world.clock.advance(60_000);
    expect(world.files.get("/one.cfg")).toBe(servers(5));
    world.store.isAway = false;
    await world.clock.advance(1_000);
    expect(world.files.get("/one.cfg")).toBe(servers(0));
  });

  test("is taken up by a single pass, which cannot wait", async () => {
    await using world = await startWith(5);
    world.store.say(servers(0));
    await settled();
    expect(await world.renderer.once(world.stop.signal)).toMatchObject([{ outcome: { kind: "applied" } }]);
  });
});

describe("templates that change", () => {
  test("restart the loop of the resource that changed, and of no other", async () => {
    await using world = new World();
    world.start(ONE, OTHER);
    world.store.say("text");
    await settled();
    world.done();
    world.templates.show([{ ...ONE, source: "new " }, OTHER]);
    await world.clock.advance(1_000);
    expect(world.done()).toEqual(["one.toml check", "one.toml reload"]);
    expect(world.files.get("/one.cfg")).toBe("new text");
    expect(world.store.watchers).toBe(2);
  });

  test("end the loop of a resource that is gone, and leave its file", async () => {
    await using world = new World();
    world.start(ONE, OTHER);
    world.store.say("text");
    await settled();
    world.templates.show([OTHER]);
    await settled();
    expect(world.store.watchers).toBe(1);
    expect(world.files.get("/one.cfg")).toBe("text");
    expect(world.renderer.state.resources.map(({ name }) => name)).toEqual(["other.toml"]);
  });

  test("tell of each resource that cannot be used once, and of two that write to one file", async () => {
    await using world = new World();
    const rival = { ...OTHER, name: "rival.toml", dest: ONE.dest };
    world.start(ONE, rival);
    world.store.say("text");
    await settled();
    world.templates.show([ONE, rival], [{ file: "bad.toml", reason: "no dest" }]);
    await settled();
    expect(world.told.filter(({ kind }) => kind === "resource-invalid")).toEqual([
      { kind: "resource-invalid", file: "rival.toml", reason: "one.toml writes to /one.cfg already" },
      { kind: "resource-invalid", file: "bad.toml", reason: "no dest" },
    ]);
    expect(world.renderer.waitingFor).toEqual(["a usable bad.toml", "a usable rival.toml"]);
  });
});

describe("the renderer's words", () => {
  test("tell of a value that is left out once per reason", async () => {
    await using world = new World();
    world.start(ONE);
    const say = async (key: string, reason: string): Promise<void> => {
      world.leftOut = [{ key, reason }];
      world.store.say("text");
      await world.clock.advance(1_000);
    };
    await say("/a", "no port");
    await say("/a", "no port");
    await say("/a", "no address");
    expect(world.told.filter(({ kind }) => kind === "value-left-out")).toEqual([
      { kind: "value-left-out", key: "/a", reason: "no port" },
      { kind: "value-left-out", key: "/a", reason: "no address" },
    ]);
  });

  test("say what it waits for", async () => {
    await using world = new World();
    expect(world.renderer.waitingFor).toEqual(["the templates"]);
    world.start(ONE);
    await settled();
    expect(world.renderer.waitingFor).toEqual(["the first state of one.toml"]);
  });

  test("are not ready while what is loaded is not kept yet", async () => {
    await using world = new World();
    world.start(ONE);
    const waits: (readonly string[])[] = [];
    while (world.store.watchers === 0) {
      waits.push(world.renderer.waitingFor);
      await Promise.resolve();
    }
    expect(world.told.map(({ kind }) => kind)).toContain("resources-loaded");
    expect(waits.filter((each) => each.length === 0)).toEqual([]);
  });
});

describe("a store that breaks its word", () => {
  test("is followed again after a while", async () => {
    await using world = new World();
    const watch = world.store.watch.bind(world.store);
    let isBroken = true;
    world.store.watch = (prefixes, signal) => {
      if (isBroken) throw new Error("etcd refused: permission denied");
      return watch(prefixes, signal);
    };
    world.start(ONE);
    await settled();
    expect(world.renderer.state.resources[0]).toMatchObject({ lastError: "etcd refused: permission denied" });
    isBroken = false;
    world.store.say("text");
    await world.clock.advance(1_000);
    expect(world.files.get("/one.cfg")).toBe("text");
  });
});

describe("a stop", () => {
  test("lets a reload under way come to its end (invariant 12)", async () => {
    const world = new World();
    {
      await using _ = world;
      world.start(ONE);
      world.store.say("text");
      world.isHolding = true;
      await settled();
      world.held.shift()?.(); // the check
      await settled();
      expect(world.done()).toEqual(["one.toml check", "one.toml reload"]);
      world.stop.abort(new Error("stop"));
      await settled();
    }
    expect(world.outcomes()).toEqual(["applied"]);
  });
});

describe("a single pass", () => {
  test("brings every file up to date once, and counts what cannot be used as failed", async () => {
    await using world = new World();
    world.ends.set("two.toml check", "no");
    world.store.say("text");
    world.templates.show(
      [OTHER, { ...TWO, minReloadIntervalMs: 0, haproxy: undefined }],
      [{ file: "bad.toml", reason: "no dest" }],
    );
    expect(await world.renderer.once(world.stop.signal)).toEqual([
      { resource: "bad.toml", outcome: { kind: "failed", reason: "no dest" } },
      { resource: "other.toml", outcome: { kind: "applied", bytes: 4 } },
      { resource: "two.toml", outcome: { kind: "rejected", output: "no" } },
    ]);
  });

  test("fails, and does not wait, when the store is away", async () => {
    await using world = new World();
    world.templates.show([ONE]);
    expect(await world.renderer.once(world.stop.signal)).toEqual([
      { resource: "one.toml", outcome: { kind: "failed", reason: "the store is away" } },
    ]);
  });

  test("shows only what would change in a dry run", async () => {
    await using world = new World(true);
    world.store.say("text");
    world.templates.show([ONE]);
    expect(await world.renderer.once(world.stop.signal)).toMatchObject([{ outcome: { kind: "would-change" } }]);
    expect(world.files.size).toBe(0);
    expect(world.done()).toEqual([]);
  });
});

describe("the file of an HAProxy whose servers change again and again", () => {
  const DRIVEN: Resource = { ...ONE, minCheckIntervalMs: 1_000 };

  /** A renderer that was quiet, with an HAProxy that takes every change by commands. */
  async function quiet(world: World, ...resources: readonly Resource[]): Promise<void> {
    world.start(DRIVEN, ...resources);
    world.store.say("0");
    await settled();
    await world.clock.advance(10_000);
    world.done();
  }

  /** Has HAProxy take the next change by a command, and makes it. */
  async function change(world: World, text: string): Promise<void> {
    world.parts.set(DRIVEN.name, 1);
    world.store.say(text);
    await settled();
    world.take(DRIVEN.name, text);
  }

  test("is checked once for all changes of a second, and the first after quiet at once (invariant 5)", async () => {
    await using world = new World();
    await quiet(world);
    await change(world, "1");
    expect(world.done()).toEqual(["one.toml part", "one.toml check"]);
    expect(world.files.get("/one.cfg")).toBe("1");
    for (let at = 1; at <= 19; at++) {
      await world.clock.advance(50);
      await change(world, `more ${at}`);
    }
    expect(world.done()).toEqual(Array.from({ length: 19 }, () => "one.toml part"));
    expect(world.files.get("/one.cfg")).toBe("1");
    expect(world.renderer.state.resources).toMatchObject([{ isFileDue: true }]);
    expect(world.renderer.waitingFor).toEqual([]);
    await world.clock.advance(50);
    expect(world.done()).toEqual(["one.toml check"]);
    expect(world.files.get("/one.cfg")).toBe("more 19");
    expect(world.renderer.state.resources[0]).not.toHaveProperty("isFileDue");
    await world.clock.advance(20_000);
    expect(world.done()).toEqual([]);
  });

  test("is checked once a second, however long that goes on (invariant 5)", async () => {
    await using world = new World();
    await quiet(world);
    for (let at = 0; at < 100; at++) {
      await change(world, `change ${at}`);
      await world.clock.advance(100);
    }
    const checks = world.done().filter((act) => act.endsWith("check")).length;
    expect(checks).toBeGreaterThanOrEqual(9);
    expect(checks).toBeLessThanOrEqual(11);
  });

  test("has what HAProxy runs before the renderer ends (invariant 2)", async () => {
    const world = new World();
    await quiet(world);
    await change(world, "1");
    await change(world, "2");
    expect(world.files.get("/one.cfg")).toBe("1");
    await world[Symbol.asyncDispose]();
    expect(world.files.get("/one.cfg")).toBe("2");
  });

  test("has it before a resource that has changed takes the place of its own", async () => {
    await using world = new World();
    await quiet(world);
    await change(world, "1");
    await change(world, "2");
    world.templates.show([{ ...DRIVEN, mode: 0o600 }]);
    await settled();
    expect(world.files.get("/one.cfg")).toBe("2");
  });

  test("is written for each change where another file of the same HAProxy might have it reloaded", async () => {
    await using world = new World();
    await quiet(world, { ...DRIVEN, name: "map.toml", dest: "/one.map" });
    await change(world, "1");
    await change(world, "2");
    expect(world.files.get("/one.cfg")).toBe("2");
  });

  test("is written for each change where the resource says so", async () => {
    await using world = new World();
    world.start({ ...DRIVEN, minCheckIntervalMs: 0 });
    world.store.say("0");
    await settled();
    await change(world, "1");
    await change(world, "2");
    expect(world.files.get("/one.cfg")).toBe("2");
  });
});

describe("the files that a renderer gives out", () => {
  const textOf = async ({ renderer }: World): Promise<string | undefined> => {
    const found = await renderer.files.find("one");
    return found.kind === "found" ? found.text : undefined;
  };

  test("are those of the last turn that ended well: none that was refused, and nobody else's", async () => {
    await using world = new World();
    world.files.set("/one.cfg", "of somebody else");
    world.start(ONE);
    await settled();
    expect(await textOf(world)).toBeUndefined();
    world.store.say("first");
    await settled();
    expect(await textOf(world)).toBe("first");
    await world.clock.advance(1_000);
    world.ends.set("one.toml check", "no");
    world.store.say("refused");
    await settled();
    expect(world.outcomes().at(-1)).toBe("rejected");
    world.files.set("/one.cfg", "edited by hand");
    expect(await textOf(world)).toBe("first");
  });

  test("stay the earlier ones while a reload is under way, and when it fails", async () => {
    await using world = new World();
    world.start(ONE);
    world.store.say("first");
    await settled();
    await world.clock.advance(1_000);
    world.isHolding = true;
    world.ends.set("one.toml reload", "no");
    world.store.say("second");
    await settled();
    world.held.splice(0).forEach((end) => {
      end();
    });
    await settled();
    expect(world.files.get("/one.cfg")).toBe("second");
    expect(await textOf(world)).toBe("first");
    world.isHolding = false;
    world.held.splice(0).forEach((end) => {
      end();
    });
    await settled();
    expect(world.outcomes().at(-1)).toBe("rolled-back");
    expect(await textOf(world)).toBe("first");
  });

  test("are there at once after a restart, while the store is away, where an earlier process has left them so", async () => {
    const history = new MemoryHistory();
    const historyOf = async (): Promise<MemoryHistory> => history;
    {
      await using before = new World(false, historyOf);
      before.start(ONE);
      before.store.say("first");
      await settled();
    }
    for (const [present, given] of [
      ["first", "first"],
      ["edited by hand", undefined],
      ["first", "first"],
    ] as const) {
      await using world = new World(false, historyOf);
      world.files.set("/one.cfg", present);
      world.start(ONE);
      await settled();
      expect(await textOf(world)).toBe(given);
    }
  });
});

describe("a file that somebody else has edited", () => {
  const OURS = "backend web\n    server a 10.0.0.1:80\n    server b 10.0.0.2:80\n";
  const THEIRS = `${OURS}backend other\n    server x 10.0.0.9:80\n`;
  const PATIENT: Resource = { ...ONE, minReloadIntervalMs: 0, removalGraceMs: 10_000, removalReloadDelayMs: 30_000 };

  async function edited(history = new MemoryHistory()): Promise<World> {
    const world = new World(false, async () => history);
    world.start(PATIENT);
    world.store.say(OURS);
    await settled();
    world.files.set("/one.cfg", THEIRS);
    world.adjusted.splice(0);
    world.done();
    return world;
  }

  test("is brought back at the next look, and told as such everywhere", async () => {
    const history = new MemoryHistory();
    await using world = await edited(history);
    await world.clock.advance(5_000);
    expect(world.files.get("/one.cfg")).toBe(OURS);
    const differences = ["backend other was added"];
    expect(world.told.filter(({ kind }) => kind === "file-edited")).toEqual([
      { kind: "file-edited", resource: "one.toml", dest: "/one.cfg", differences },
    ]);
    const why = "because somebody else had edited the file: backend other was added";
    expect(world.told.findLast(({ kind }) => kind === "applied")).toMatchObject({ why });
    expect(world.renderer.state.resources).toMatchObject([{ lastEdit: { differences } }]);
    await world.renderer.histories?.close();
    expect((await history.entries(2)).map(({ why: cause }) => cause)).toEqual([
      { kind: "edited", differences },
      { kind: "found", differences },
    ]);
  });

  test("has what the edit brought taken for nothing that the store has taken away", async () => {
    await using world = await edited();
    const wanted = OURS.replace("10.0.0.2", "10.0.0.3");
    world.store.say(wanted);
    await settled();
    expect(world.outcomes()).not.toContain("held");
    expect(world.adjusted.filter((text) => text.includes("backend other"))).toEqual([]);
    expect(world.files.get("/one.cfg")).toBe(wanted);
  });

  test("does not hide what the store takes away", async () => {
    await using world = await edited();
    world.files.set("/one.cfg", "backend other\n");
    world.store.say("backend web\n");
    await settled();
    expect(world.outcomes().at(-1)).toBe("held");
  });

  test("is never what HAProxy is brought to, where the new text is refused", async () => {
    await using world = await edited();
    world.ends.set("one.toml check", "no");
    world.parts.set("one.toml", 1);
    world.store.say(OURS.replace("10.0.0.2", "10.0.0.3"));
    await settled();
    expect(world.outcomes().at(-1)).toBe("rejected");
    expect(world.adjusted.at(-1)).toBe(OURS);
    expect(world.done()).not.toContain("one.toml reload");
  });

  test("is not what comes back where a reload fails", async () => {
    await using world = await edited();
    world.ends.set("one.toml reload", "no");
    world.store.say(`${OURS}backend new\n`);
    await settled();
    expect(world.outcomes().at(-1)).toBe("rolled-back");
    expect(world.files.get("/one.cfg")).toBe(OURS);
  });

  test("is told once while it cannot be brought back", async () => {
    await using world = await edited();
    world.ends.set("one.toml check", "no");
    await world.clock.advance(200_000);
    expect(world.told.filter(({ kind }) => kind === "file-edited")).toHaveLength(1);
  });

  test("is found so by the next process, too", async () => {
    const history = new MemoryHistory();
    {
      await using before = new World(false, async () => history);
      before.start(ONE);
      before.store.say(OURS);
      await settled();
    }
    await using world = new World(false, async () => history);
    world.files.set("/one.cfg", THEIRS);
    world.start(ONE);
    world.store.say(OURS);
    await settled();
    expect(world.told.filter(({ kind }) => kind === "file-edited")).toHaveLength(1);
    await world.renderer.histories?.close();
    expect((await history.entries(5)).map(({ why }) => why.kind)).toEqual(["start", "found", "start"]);
  });
});
