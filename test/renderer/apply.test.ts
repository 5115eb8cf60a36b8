import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TakeawayFinder } from "../../src/haproxy/config/takeaway.js";
import type {
  Adjustment,
  ProxyDriver,
  ReloadVerdict,
  Resource,
  ShareReload,
  Target,
  Verdict,
} from "../../src/ports.js";
import { apply, DEFAULT_OPTIONS, workFor } from "../../src/renderer/apply.js";
import type { ApplyParts } from "../../src/renderer/apply-parts.js";
import { ManualClock, settled } from "../support/manual-clock.js";
import { resourceOf } from "../support/pushed-store.js";

/** A file and an HAProxy that keep one journal of what is done to them. */
class World implements Target, ProxyDriver {
  readonly journal: string[] = [];
  readonly clock = new ManualClock();
  readonly stop = new AbortController();
  file: string | undefined;
  lastGood: string | undefined;
  state: "sound" | "drifted" | "unproven" = "sound";
  verdict: Verdict = { accepted: true, output: "" };
  /** The ends of the next reloads; proven when none is left. */
  reloads: (ReloadVerdict | Error | "hangs")[] = [];
  running: string | undefined;
  /** What adjusting comes to; only a reload does it when nothing is said. */
  adjustments: Adjustment[] = [];
  isReloadDelayed = false;
  isWary = false;
  mayDefer = false;
  mayPostpone = false;
  ahead: string | undefined;
  attend: ApplyParts["attend"];

  constructor(file?: string) {
    this.file = file;
    this.running = file;
  }

  apply(text: string, more: Partial<Resource> = {}, dryRun = false) {
    const haproxy = { socket: undefined, reload: { kind: "command", command: "" } } as const;
    const resource = resourceOf({ haproxy, ...more });
    const parts: ApplyParts = {
      resource,
      target: this,
      driver: this,
      clock: this.clock,
      emit: () => undefined,
      ...DEFAULT_OPTIONS,
      dryRun,
      isWary: this.isWary,
      mayDefer: this.mayDefer,
      mayPostpone: this.mayPostpone,
      ahead: this.ahead,
      onPostponed: (postponed) => {
        this.journal.push("postpone");
        this.ahead = postponed;
      },
      takeaways: new TakeawayFinder(),
      onDeferred: () => this.journal.push("defer"),
      ...(this.attend && { attend: this.attend }),
      awaitReload: async () => this.isReloadDelayed,
    };
    return apply(text, parts, this.stop.signal);
  }

  async read() {
    return this.file;
  }

  async condition() {
    return this.state;
  }

  async stage(text: string) {
    this.journal.push("stage");
    return {
      path: "/staged",
      commit: async () => {
        this.journal.push("commit");
        if (this.state !== "unproven") this.lastGood = this.file;
        this.state = "unproven";
        this.file = text;
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  async amend() {
    this.journal.push("amend");
    this.state = "sound";
  }

  async confirm() {
    this.journal.push("confirm");
    this.state = "sound";
  }

  async differences() {
    return [];
  }

  async restore() {
    this.journal.push("restore");
    if (this.lastGood === undefined) return false;
    this.file = this.lastGood;
    return true;
  }

  async check() {
    this.journal.push("check");
    return this.verdict;
  }

  async adjust({ wanted }: { readonly wanted: string }): Promise<Adjustment> {
    const next = this.adjustments.shift();
    if (next) this.journal.push("adjust");
    if (next && next.kind !== "reload") this.running = wanted;
    return next ?? (wanted === this.running ? { kind: "agrees" } : { kind: "reload", reason: "" });
  }

  reload(signal: AbortSignal, share: ShareReload = (make) => make()): Promise<ReloadVerdict> {
    return share(() => this.makeReload(signal));
  }

  private async makeReload(signal: AbortSignal): Promise<ReloadVerdict> {
    this.journal.push("reload");
    const next = this.reloads.shift() ?? { kind: "proven", output: "" };
    if (next === "hangs") {
      await new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          reject(signal.reason as Error);
        });
      });
    } else if (next instanceof Error) throw next;
    else if (next.kind === "proven") this.running = this.file;
    return next === "hangs" ? { kind: "failed", output: "" } : next;
  }
}

const FAILED: ReloadVerdict = { kind: "failed", output: "no port" };

describe("one turn", () => {
  test("is adjusted first where HAProxy can be, and then checked, committed and confirmed (invariants 1 and 3)", async () => {
    const world = new World("old");
    world.adjustments = [{ kind: "adjusted", commands: 2 }];
    expect(await world.apply("new")).toEqual({ kind: "applied", bytes: 3, commands: 2 });
    expect(world.journal).toEqual(["adjust", "stage", "check", "commit", "confirm"]);
    expect(world).toMatchObject({ file: "new", running: "new", state: "sound" });
  });

  test("is adjusted back when the check refuses what HAProxy had taken (invariant 1)", async () => {
    const world = new World("old");
    world.adjustments = [
      { kind: "adjusted", commands: 2 },
      { kind: "adjusted", commands: 2 },
    ];
    world.verdict = { accepted: false, output: "no" };
    expect(await world.apply("new")).toEqual({ kind: "rejected", output: "no" });
    expect(world.journal).toEqual(["adjust", "stage", "check", "adjust"]);
    expect(world).toMatchObject({ file: "old", running: "old" });
  });

  test("is led back by a reload where commands cannot undo what the check refuses (invariants 1 and 2)", async () => {
    const world = new World("old");
    world.adjustments = [
      { kind: "adjusted", commands: 2 },
      { kind: "reload", reason: "cut off" },
    ];
    world.verdict = { accepted: false, output: "no" };
    expect(await world.apply("new")).toEqual({ kind: "rejected", output: "no" });
    expect(world.journal).toEqual(["adjust", "stage", "check", "adjust", "reload"]);
    expect(world).toMatchObject({ file: "old", running: "old" });
  });

  test("is adjusted back when the new file cannot be written (invariant 2)", async () => {
    const world = new World("old");
    world.adjustments = [
      { kind: "adjusted", commands: 2 },
      { kind: "adjusted", commands: 2 },
    ];
    world.stage = () => Promise.reject(new Error("no space left"));
    await expect(world.apply("new")).rejects.toThrow("no space left");
    expect(world).toMatchObject({ file: "old", running: "old" });
  });

  test("leaves HAProxy where it is until the check has spoken, once it has refused (invariant 1)", async () => {
    const world = new World("old");
    world.isWary = true;
    world.verdict = { accepted: false, output: "no" };
    expect(await world.apply("new")).toEqual({ kind: "rejected", output: "no" });
    expect(world.journal).toEqual(["stage", "check"]);
    world.verdict = { accepted: true, output: "" };
    world.adjustments = [{ kind: "adjusted", commands: 2 }];
    expect(await world.apply("new")).toEqual({ kind: "applied", bytes: 3, commands: 2 });
    expect(world.journal.slice(2)).toEqual(["stage", "check", "adjust", "commit", "confirm"]);
  });

  test("has HAProxy agree with its file also while a rendering is refused", async () => {
    const world = new World("old");
    world.isWary = true;
    world.verdict = { accepted: false, output: "no" };
    world.adjustments = [{ kind: "adjusted", commands: 1 }]; // a server was deleted by hand
    expect(await world.apply("new")).toMatchObject({ kind: "rejected" });
    expect(world).toMatchObject({ file: "old", running: "old" });
    world.adjustments = [{ kind: "reload", reason: "restarted" }];
    expect(await world.apply(" ")).toMatchObject({ kind: "rejected" });
    expect(world.journal.slice(-2)).toEqual(["adjust", "reload"]);
  });

  test("is never adjusted while it is not certain what HAProxy runs", async () => {
    const world = new World("old");
    world.state = "unproven";
    world.adjustments = [{ kind: "adjusted", commands: 1 }];
    await world.apply("new");
    expect(world.journal).toEqual(["stage", "check", "commit", "reload", "confirm"]);
  });

  test("is overtaken, and nothing done, while a reload has to wait", async () => {
    const world = new World("old");
    world.isReloadDelayed = true;
    expect(await world.apply("new")).toEqual({ kind: "overtaken" });
    expect(world.journal).toEqual([]);
  });

  test("is led back when HAProxy was changed by somebody else, by a reload where nothing else helps", async () => {
    const world = new World("old");
    world.adjustments = [
      { kind: "adjusted", commands: 1 },
      { kind: "reload", reason: "restarted" },
    ];
    expect(await world.apply("old")).toEqual({ kind: "applied", bytes: 3, commands: 1 });
    expect(await world.apply("old")).toEqual({ kind: "applied", bytes: 3, reload: "restarted" });
    expect(world.journal).toEqual(["adjust", "adjust", "reload", "confirm"]);
  });

  test("stages, checks, commits, reloads and confirms, in this order (invariant 1)", async () => {
    const world = new World("old");
    expect(await world.apply("new")).toEqual({ kind: "applied", bytes: 3, reload: "" });
    expect(world.journal).toEqual(["stage", "check", "commit", "reload", "confirm"]);
    expect(world).toMatchObject({ file: "new", running: "new" });
  });

  test("keeps a file that was loaded and is not in use, and says so until it is, without another reload", async () => {
    const world = new World("old");
    const output = "it reads another file";
    world.reloads = [{ kind: "proven", output: "", differs: output }];
    expect(await world.apply("new")).toEqual({ kind: "differs", output });
    world.adjustments = [
      { kind: "differs", output },
      { kind: "differs", output },
    ];
    expect(await world.apply("new")).toEqual({ kind: "differs", output });
    expect(await world.apply("newer")).toEqual({ kind: "differs", output });
    expect(world).toMatchObject({ file: "newer", state: "sound" });
    expect(world.journal.filter((what) => what === "reload")).toHaveLength(1);
    expect(await world.apply("newer")).toEqual({ kind: "unchanged" });
  });

  test("touches nothing when the file has the text already (invariant 3)", async () => {
    const world = new World("same");
    expect(await world.apply("same")).toEqual({ kind: "unchanged" });
    expect(world.journal).toEqual([]);
  });

  test("goes no further than the check with a text that is refused (invariant 1)", async () => {
    const world = new World("old");
    world.verdict = { accepted: false, output: "line 3" };
    expect(await world.apply("new")).toEqual({ kind: "rejected", output: "line 3" });
    expect(world.journal).toEqual(["stage", "check"]);
    expect(world.file).toBe("old");
  });

  test("puts the last good file back and HAProxy on it when the reload failed (invariant 2)", async () => {
    const world = new World("old");
    world.reloads = [FAILED];
    expect(await world.apply("new")).toEqual({ kind: "rolled-back", output: "no port" });
    expect(world.journal.slice(3)).toEqual(["reload", "restore", "reload", "confirm"]);
    expect(world).toMatchObject({ file: "old", running: "old", state: "sound" });
  });

  test("takes a reload that could not be tried for one that failed (invariant 2)", async () => {
    const world = new World("old");
    world.reloads = [new Error("EACCES")];
    expect(await world.apply("new")).toEqual({ kind: "rolled-back", output: "EACCES" });
    expect(world.file).toBe("old");
  });

  test("proves the file that came back in the next turn when that failed as well (invariant 2)", async () => {
    const world = new World("old");
    world.reloads = [FAILED, FAILED];
    expect(await world.apply("new")).toMatchObject({ kind: "rolled-back" });
    world.journal.length = 0;
    expect(await world.apply("old")).toMatchObject({ kind: "applied" });
    expect(world.journal).toEqual(["reload", "confirm"]);
  });

  test("leaves the first file where it is when its reload failed, to be proven later", async () => {
    const world = new World();
    world.reloads = [FAILED];
    expect(await world.apply("new")).toMatchObject({ kind: "failed" });
    expect(world).toMatchObject({ file: "new", state: "unproven" });
  });

  test("leaves the file for an HAProxy that does not run yet, and tells it when it does", async () => {
    const world = new World("old");
    world.reloads = [{ kind: "absent", output: "nobody" }];
    expect(await world.apply("new")).toEqual({ kind: "waiting", output: "nobody" });
    expect(world).toMatchObject({ file: "new", state: "unproven" });
    world.journal.length = 0;
    expect(await world.apply("new")).toMatchObject({ kind: "applied" });
    expect(world.journal).toEqual(["reload", "confirm"]);
  });

  test("never gives HAProxy an empty file, but any other reader (invariant 1)", async () => {
    const world = new World("old");
    expect(await world.apply(" \n\t\n")).toMatchObject({ kind: "rejected" });
    expect(world.journal).toEqual([]);
    expect(await world.apply("", { haproxy: undefined })).toMatchObject({ kind: "applied" });
  });

  test("amends permissions without HAProxy, but any other reader is told (invariant 3)", async () => {
    const world = new World("same");
    world.state = "drifted";
    expect(await world.apply("same")).toEqual({ kind: "unchanged" });
    expect(world.journal).toEqual(["amend"]);
    world.state = "drifted";
    expect(await world.apply("same", { haproxy: undefined })).toMatchObject({ kind: "applied" });
    expect(world.journal.slice(1)).toEqual(["stage", "check", "commit", "reload", "confirm"]);
  });

  test("shows what would change and touches nothing in a dry run", async () => {
    const world = new World("a\nb\n");
    const outcome = await world.apply("a\nc\n", { dest: "/x.cfg" }, true);
    expect(outcome).toMatchObject({ kind: "would-change" });
    const diff = outcome.kind === "would-change" ? outcome.diff : "";
    expect(diff.split("\n")).toEqual([
      "--- /x.cfg\tpresent",
      "+++ /x.cfg\trendered",
      "@@ -1,2 +1,2 @@",
      " a",
      "-b",
      "+c",
      "",
    ]);
    expect(world.journal).toEqual([]);
  });
});

describe("a reload that would only take away", () => {
  const backend = (name: string, server = ""): string => `backend ${name}\n${server}`;
  const [API, WEB, EMPTY_WEB] = [
    backend("api", "  server a 10.0.0.1:1\n"),
    backend("web", "  server w 10.0.0.1:2\n"),
    backend("web"),
  ] as const;

  test("waits, while file and HAProxy come to what needs none", async () => {
    const world = new World(API + WEB);
    world.mayDefer = true;
    world.adjustments = [{ kind: "adjusted", commands: 1 }];
    expect(await world.apply(API)).toMatchObject({ kind: "applied" });
    expect(world.journal).toEqual(["adjust", "defer", "stage", "check", "commit", "confirm"]);
    expect(world).toMatchObject({ file: `${API}\n${EMPTY_WEB}`, running: `${API}\n${EMPTY_WEB}` });
    world.journal.length = 0;
    expect(await world.apply(API)).toEqual({ kind: "unchanged" });
    expect(world.journal).toEqual(["defer"]);
  });

  test("is made when it is due", async () => {
    const world = new World(API + EMPTY_WEB);
    expect(await world.apply(API)).toMatchObject({ kind: "applied" });
    expect(world.journal).toEqual(["stage", "check", "commit", "reload", "confirm"]);
  });

  test("is made at once where the servers cannot go without one", async () => {
    const world = new World(API + WEB);
    world.mayDefer = true;
    world.adjustments = [
      { kind: "reload", reason: "its algorithm" },
      { kind: "reload", reason: "backend web is gone" },
    ];
    expect(await world.apply(API)).toMatchObject({ kind: "applied" });
    expect(world.journal).toEqual(["adjust", "adjust", "stage", "check", "commit", "reload", "confirm"]);
    expect(world).toMatchObject({ file: API, running: API });
  });

  test("is made at once where it is not certain what HAProxy runs, and of a reader that is none", async () => {
    const world = new World(API + WEB);
    world.mayDefer = true;
    world.state = "unproven";
    await world.apply(API);
    expect(world.file).toBe(API);
    const other = new World(API + WEB);
    other.mayDefer = true;
    await other.apply(API, { haproxy: undefined });
    expect(other.file).toBe(API);
  });
});

describe("a check that takes its time", () => {
  test("has HAProxy follow newer texts meanwhile, and the file have the one that was checked", async () => {
    const world = new World("old");
    world.adjustments = [
      { kind: "adjusted", commands: 1 },
      { kind: "adjusted", commands: 1 },
    ];
    world.attend = async (end, bringTo) => {
      await bringTo("newer");
      await end;
    };
    expect(await world.apply("new")).toMatchObject({ kind: "applied" });
    expect(world).toMatchObject({ file: "new", running: "newer" });
  });

  test("has it follow none where the one before was refused, and where there is no HAProxy to follow", async () => {
    const world = new World("old");
    world.attend = () => Promise.reject(new Error("attended"));
    world.isWary = true;
    expect(await world.apply("new")).toMatchObject({ kind: "applied" });
    world.isWary = false;
    expect(await world.apply("newer", { haproxy: undefined })).toMatchObject({ kind: "applied" });
  });

  test("has it brought back to the file from whatever it has followed, when the text is refused", async () => {
    const world = new World("old");
    world.adjustments = Array.from({ length: 3 }, () => ({ kind: "adjusted", commands: 1 }));
    world.attend = async (_, bringTo) => {
      await bringTo("newer");
    };
    world.verdict = { accepted: false, output: "no" };
    expect(await world.apply("new")).toMatchObject({ kind: "rejected" });
    expect(world).toMatchObject({ file: "old", running: "old" });
  });
});

describe("a reload that takes its time", () => {
  test("has HAProxy follow newer texts meanwhile, and the new process the newest of them", async () => {
    const world = new World("old");
    world.attend = async (end, bringTo) => {
      if (!world.journal.includes("commit")) return;
      world.adjustments = Array.from({ length: 3 }, () => ({ kind: "adjusted", commands: 1 }));
      await bringTo("newer");
      await bringTo("newest");
      await end;
    };
    expect(await world.apply("new")).toMatchObject({ kind: "applied", bytes: 3 });
    expect(world).toMatchObject({ file: "new", running: "newest", adjustments: [] });
    expect(world.journal).toEqual(["stage", "check", "commit", "reload", "adjust", "adjust", "adjust", "confirm"]);
  });

  test("leads nowhere when it fails: the last good file comes back", async () => {
    const world = new World("old");
    world.reloads = [FAILED];
    world.attend = async (_, bringTo) => {
      if (!world.journal.includes("commit")) return;
      world.adjustments = [{ kind: "adjusted", commands: 1 }];
      await bringTo("newer");
    };
    expect(await world.apply("new")).toMatchObject({ kind: "rolled-back" });
    expect(world).toMatchObject({ file: "old", running: "old" });
  });
});

describe("a change in parts", () => {
  test("lets what is new in between two of them, and leaves the file alone until it is whole", async () => {
    const world = new World("old");
    world.adjustments = [
      { kind: "partial", commands: 9 },
      { kind: "adjusted", commands: 9 },
    ];
    expect(await world.apply("new")).toEqual({ kind: "overtaken" });
    expect(world.file).toBe("old");
    expect(await world.apply("new")).toMatchObject({ kind: "applied" });
    expect(world.journal).toEqual(["adjust", "adjust", "stage", "check", "commit", "confirm"]);
  });

  test("goes on to its end where the text was refused before, and where it is taken back", async () => {
    const world = new World("old");
    world.isWary = true;
    world.adjustments = [
      { kind: "partial", commands: 9 },
      { kind: "adjusted", commands: 9 },
    ];
    expect(await world.apply("new")).toMatchObject({ kind: "applied" });
    world.isWary = false;
    world.verdict = { accepted: false, output: "no" };
    world.adjustments = [
      { kind: "adjusted", commands: 9 },
      { kind: "partial", commands: 9 },
      { kind: "adjusted", commands: 9 },
    ];
    expect(await world.apply("newer")).toMatchObject({ kind: "rejected" });
    expect(world).toMatchObject({ file: "new", running: "new", adjustments: [] });
  });
});

describe("a turn that is called off", () => {
  test("ends before the file is written when it can", async () => {
    const world = new World("old");
    world.stop.abort(new Error("stop"));
    await expect(world.apply("new")).rejects.toThrow("stop");
    expect(world.file).toBe("old");
  });

  test("lets a reload come to its end (invariant 12)", async () => {
    const world = new World("old");
    const reload = world.reload.bind(world);
    world.reload = async (signal) => {
      world.stop.abort(new Error("stop"));
      await world.clock.advance(2_999);
      signal.throwIfAborted();
      return reload(signal);
    };
    expect(await world.apply("new")).toMatchObject({ kind: "applied" });
    expect(world.clock.pending).toBe(0);
  });

  test("gives up a reload that does not end, and leaves the file unproven (invariants 2 and 12)", async () => {
    const world = new World("old");
    world.reloads = ["hangs"];
    const turn = expect(world.apply("new")).rejects.toThrow("stop");
    await settled();
    world.stop.abort(new Error("stop"));
    await world.clock.advance(3_000);
    await turn;
    expect(world).toMatchObject({ file: "new", state: "unproven" });
    expect(world.clock.pending).toBe(0);
  });
});

describe("any row of turns", () => {
  const end = fc.constantFrom<ReloadVerdict>(FAILED, { kind: "proven", output: "" }, { kind: "absent", output: "" });

  test("leaves the file equal to what runs wherever it counts as sound (invariant 2)", async () => {
    const turns = fc.array(fc.record({ text: fc.constantFrom("a", "b", "c"), ends: fc.array(end, { maxLength: 2 }) }));
    await fc.assert(
      fc.asyncProperty(turns, async (row) => {
        const world = new World("a");
        for (const { text, ends } of row) {
          world.reloads = [...ends];
          const outcome = await world.apply(text);
          if (world.state === "sound") expect(world.running).toBe(world.file);
          if (outcome.kind === "applied" || outcome.kind === "unchanged") expect(world.running).toBe(text);
        }
      }),
    );
  });

  test("has nothing to do only when the text is there and proven (invariant 3)", () => {
    const condition = fc.constantFrom("sound" as const, "drifted" as const, "unproven" as const);
    const text = fc.constantFrom("a", "b");
    fc.assert(
      fc.property(
        text,
        fc.option(text, { nil: undefined }),
        condition,
        fc.boolean(),
        (wanted, present, how, isHaproxy) => {
          const isIdle = workFor(wanted, present, how, isHaproxy) === "nothing";
          expect(isIdle).toBe(wanted === present && how === "sound");
        },
      ),
    );
  });
});

describe("a file that may be left behind", () => {
  const ADJUSTED: Adjustment = { kind: "adjusted", commands: 1 };

  function postponing(file: string): World {
    const world = new World(file);
    world.mayPostpone = true;
    world.adjustments = [ADJUSTED];
    return world;
  }

  test("is neither checked nor written while commands do, and what HAProxy has instead is known", async () => {
    const world = postponing("old");
    const outcome = { kind: "applied", bytes: 3, commands: 1, isFileDue: true };
    expect(await world.apply("new")).toEqual(outcome);
    expect(world.journal).toEqual(["adjust", "postpone"]);
    expect(world).toMatchObject({ file: "old", running: "new", ahead: "new" });
  });

  test("stays behind when somebody looks again, and follows without news of its own", async () => {
    const world = postponing("old");
    await world.apply("new");
    expect(await world.apply("new")).toEqual({ kind: "unchanged" });
    world.mayPostpone = false;
    expect(await world.apply("new")).toEqual({ kind: "unchanged" });
    expect(world.journal).toEqual(["adjust", "postpone", "postpone", "stage", "check", "commit", "confirm"]);
    expect(world).toMatchObject({ file: "new", running: "new", state: "sound" });
  });

  test("is written before every reload (invariant 2)", async () => {
    const world = postponing("old");
    world.adjustments = [{ kind: "reload", reason: "another mode" }];
    expect(await world.apply("new")).toMatchObject({ kind: "applied", reload: "another mode" });
    expect(world.journal).toEqual(["adjust", "stage", "check", "commit", "reload", "confirm"]);
  });

  test.each(["unproven", "drifted"] as const)("is written at once where it is %s", async (state) => {
    const world = postponing("old");
    world.state = state;
    await world.apply("new");
    expect(world.file).toBe("new");
  });

  test("is written at once after a turn that has not ended well", async () => {
    const world = postponing("old");
    world.isWary = true;
    await world.apply("new");
    expect(world.journal).toEqual(["stage", "check", "adjust", "commit", "confirm"]);
  });

  test("has HAProxy come back to it where the check refuses what it would follow with (invariant 1)", async () => {
    const world = postponing("old");
    await world.apply("new");
    world.mayPostpone = false;
    world.adjustments = [{ kind: "agrees" }, ADJUSTED];
    world.verdict = { accepted: false, output: "no" };
    expect(await world.apply("new")).toEqual({ kind: "rejected", output: "no" });
    expect(world).toMatchObject({ file: "old", running: "old" });
  });
});
