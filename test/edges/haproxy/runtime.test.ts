import { describe, expect, test } from "vitest";
import { RuntimeApi, type RuntimeRequest, socketsOf } from "../../../src/edges/haproxy/runtime.js";
import { systemClock } from "../../../src/flow/clock.js";
import { eventually } from "../../support/eventually.js";
import { FakeSocket, info, SILENCE } from "../../support/fake-haproxy.js";
import { ManualClock } from "../../support/manual-clock.js";

const signal = new AbortController().signal;
const REQUEST: RuntimeRequest = { commands: ["set server b/a weight 3"], backends: ["b"] };
const GREETING = "set severity-output number;show info";
const BY_ADMIN = `${GREETING};set server b/a weight 3;show servers state b`;
const BY_MASTER = "@1 show info;@1 set server b/a weight 3;@1 show servers state b";

/** An HAProxy whose own socket and whose master's lead to the workers of these pids; undefined where nobody answers. */
async function haproxy(pids: { readonly admin?: number | undefined; readonly master?: number | undefined }) {
  const answerOf = (pid: number | undefined) => () => (pid === undefined ? undefined : info(pid, `3.2.${pid}`));
  const [admin, master] = await Promise.all([
    FakeSocket.start(answerOf(pids.admin)),
    FakeSocket.start(answerOf(pids.master)),
  ]);
  return {
    admin,
    master,
    /** From now on these workers answer. */
    become(next: typeof pids) {
      admin.answer = answerOf(next.admin);
      master.answer = answerOf(next.master);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([admin[Symbol.asyncDispose](), master[Symbol.asyncDispose]()]);
    },
  };
}

const byBoth = ({ admin, master }: { admin: FakeSocket; master: FakeSocket }) =>
  new RuntimeApi({ admin: admin.path, master: master.path }, systemClock);

describe("the sockets of a resource", () => {
  test("are the one that it names, and its master's where that reloads it", () => {
    expect(socketsOf({ socket: "/admin", reload: { kind: "master", socket: "/master" } })).toEqual({
      admin: "/admin",
      master: "/master",
    });
    expect(socketsOf({ socket: "/admin", reload: { kind: "command", command: "true" } })).toEqual({
      admin: "/admin",
      master: undefined,
    });
  });
});

describe("a question to the present worker", () => {
  test("goes by its own socket once that is known to lead to it", async () => {
    await using both = await haproxy({ admin: 7, master: 7 });
    const runtime = byBoth(both);
    expect((await runtime.ask(REQUEST, 7, signal)).pid).toBe(7);
    await runtime.ask(REQUEST, 7, signal);
    expect(both.admin.lines).toEqual([GREETING, BY_ADMIN, BY_ADMIN]);
    expect(both.master.lines).toEqual([]);
    expect(runtime.version).toBe("3.2.7");
  });

  test("waits by its own socket until a task of HAProxy has moved what is to move, and comes with one about a map", async () => {
    await using both = await haproxy({ admin: 7 });
    const [move, lookups] = ["set server b/a addr 10.0.0.1 port 80", ["get map m k"]];
    await byBoth(both).ask({ commands: [move], backends: ["b"], lookups }, 7, signal);
    await byBoth(both).ask({ commands: ["add map m k v"], backends: [], lookups }, 7, signal);
    expect(both.admin.lines.filter((line) => line !== GREETING)).toEqual([
      `${GREETING};${move}`,
      `${GREETING};show servers state b;get map m k`,
      `${GREETING};add map m k v;get map m k`,
    ]);
  });

  test("goes by the master while an old worker answers on the other socket", async () => {
    await using both = await haproxy({ admin: 6, master: 7 });
    const runtime = byBoth(both);
    expect((await runtime.ask(REQUEST, 7, signal)).pid).toBe(7);
    expect(both.admin.lines).toEqual([GREETING]);
    expect(both.master.lines).toEqual([BY_MASTER]);
    both.become({ admin: 7, master: 7 });
    await runtime.ask(REQUEST, 7, signal);
    expect(both.admin.lines).toEqual([GREETING, GREETING, BY_ADMIN]);
  });

  test("goes by the master where nobody knows who the present worker is, and after a reload until that is known", async () => {
    await using both = await haproxy({ admin: 7, master: 7 });
    const runtime = byBoth(both);
    await runtime.ask(REQUEST, undefined, signal);
    expect(both.admin.lines).toEqual([]);
    await runtime.ask(REQUEST, 7, signal);
    runtime.forget();
    expect(runtime.version).toBeUndefined();
    await runtime.ask(REQUEST, 7, signal);
    expect(both.admin.lines).toEqual([GREETING, BY_ADMIN, GREETING, BY_ADMIN]);
  });

  test("goes by the master when nobody answers on the other socket any more", async () => {
    await using both = await haproxy({ admin: 7, master: 7 });
    const runtime = byBoth(both);
    await runtime.ask(REQUEST, 7, signal);
    both.become({ master: 8 });
    expect((await runtime.ask(REQUEST, 7, signal)).pid).toBe(8);
    expect(both.master.lines).toEqual([BY_MASTER]);
  });

  test("goes by the only socket there is, whoever answers", async () => {
    await using both = await haproxy({ admin: 6, master: 7 });
    const byAdmin = new RuntimeApi({ admin: both.admin.path, master: undefined }, systemClock);
    const byMaster = new RuntimeApi({ admin: undefined, master: both.master.path }, systemClock);
    expect((await byAdmin.ask(REQUEST, 5, signal)).pid).toBe(6);
    expect((await byMaster.ask(REQUEST, 5, signal)).pid).toBe(7);
  });

  test("fails where nobody answers, and where there is no socket", async () => {
    await using both = await haproxy({});
    await expect(byBoth(both).ask(REQUEST, undefined, signal)).rejects.toThrow("nobody answers on its sockets");
    const none = new RuntimeApi({ admin: undefined, master: undefined }, systemClock);
    expect(none.isReachable).toBe(false);
    await expect(none.ask(REQUEST, undefined, signal)).rejects.toThrow("the resource names no socket of it");
  });

  test("fails when there is no answer within eight seconds, and is called off with the signal", async () => {
    await using both = await haproxy({});
    both.master.answer = () => SILENCE;
    const clock = new ManualClock();
    const runtime = new RuntimeApi({ admin: undefined, master: both.master.path }, clock);
    const late = expect(runtime.ask(REQUEST, 7, signal)).rejects.toThrow(/Gave up waiting for an answer/);
    await eventually("the question", () => both.master.lines.length === 1);
    await clock.advance(8_000);
    await late;
    const stop = new AbortController();
    const stopped = expect(runtime.ask(REQUEST, 7, stop.signal)).rejects.toThrow("stop");
    stop.abort(new Error("stop"));
    await stopped;
    expect(clock.pending).toBe(0);
  });
});

describe("more commands than a line holds", () => {
  const LINE = 15_000;
  const TOO_BIG = "The command line is too big for the buffer size. Please change tune.bufsize in the configuration.\n";
  const commands = Array.from({ length: 600 }, (_, index) => `set server b/server-of-some-length-${index} weight 1`);

  test("come in several lines, none too long, each of which asks who answers", async () => {
    await using both = await haproxy({ master: 7 });
    let line = 0;
    both.master.answer = () => `${info(7)}complaint ${++line}\n\n`;
    const runtime = new RuntimeApi({ admin: undefined, master: both.master.path }, systemClock);
    const { complaints } = await runtime.ask({ commands, backends: ["b"] }, 7, signal);
    const { lines } = both.master;
    expect(lines.length).toBeGreaterThan(1);
    expect(complaints).toEqual(lines.map((_, index) => `complaint ${index + 1}`));
    for (const each of lines) {
      expect(each.length).toBeLessThanOrEqual(LINE);
      expect(each).toMatch(/^@1 show info;/);
    }
    const sent = lines.flatMap((each) => each.split(";")).filter((command) => command !== "@1 show info");
    expect(sent).toEqual([...commands, "show servers state b"].map((command) => `@1 ${command}`));
  });

  test("come in shorter lines where HAProxy has smaller buffers, from then on until another worker may answer", async () => {
    await using both = await haproxy({ admin: 7 });
    both.admin.answer = (line) => (line.length > 8_000 ? TOO_BIG : info(7));
    const runtime = new RuntimeApi({ admin: both.admin.path, master: undefined }, systemClock);
    await runtime.ask({ commands, backends: ["b"] }, 7, signal);
    const taken = both.admin.lines.filter((line) => line.length <= 8_000);
    const sent = taken.flatMap((line) => line.split(";")).filter((each) => /^set server|servers/.test(each));
    expect(sent).toEqual([...commands, "show servers state b"]);
    const refused = (): number => both.admin.lines.filter((line) => line.length > 8_000).length;
    expect(refused()).toBe(1);
    await runtime.ask({ commands, backends: ["b"] }, 7, signal);
    expect(refused()).toBe(1);
    runtime.forget();
    await runtime.ask({ commands, backends: ["b"] }, 7, signal);
    expect(refused()).toBe(2);
  });

  test("fail when HAProxy takes not even one of them, or one is too long for any line", async () => {
    await using both = await haproxy({ admin: 7, master: 7 });
    both.admin.answer = () => `[3]: ${TOO_BIG}`;
    const byAdmin = new RuntimeApi({ admin: both.admin.path, master: undefined }, systemClock);
    await expect(byAdmin.ask(REQUEST, 7, signal)).rejects.toThrow(/takes no line of \d+ bytes/);
    const byMaster = new RuntimeApi({ admin: undefined, master: both.master.path }, systemClock);
    const long = { commands: [`add server b/${"ä".repeat(LINE / 2)}`], backends: [] };
    await expect(byMaster.ask(long, 7, signal)).rejects.toThrow(/a line of 150\d\d bytes is more than it takes whole/);
    expect(both.master.lines).toEqual([]);
  });

  test.each<[string, string | undefined]>([
    ["nobody answers any more", undefined],
    ["another worker answers", info(8)],
  ])("fail when %s in between", async (_, second) => {
    await using both = await haproxy({ master: 7 });
    const answers = [info(7), second];
    both.master.answer = () => answers.shift();
    const runtime = new RuntimeApi({ admin: undefined, master: both.master.path }, systemClock);
    await expect(runtime.ask({ commands, backends: ["b"] }, 7, signal)).rejects.toThrow(/was cut off/);
  });
});

describe("a command with lines that belong to it", () => {
  test.each([
    ["admin", `${GREETING};set ssl cert /a.pem <<\nB\nC`],
    ["master", "@1 show info;@1 set ssl cert /a.pem <<\nB\nC"],
  ] as const)(
    "is given by the %s socket at the end of its line, and what is said of it is nobody's",
    async (way, line) => {
      await using socket = await FakeSocket.start(() => `${info(1)}Unknown command: 'B'\n`);
      const api = new RuntimeApi({ admin: undefined, master: undefined, [way]: socket.path }, systemClock);
      await api.hand("set ssl cert /a.pem", "B\nC", 1, signal);
      expect(socket.lines).toEqual([line]);
    },
  );

  test("fails without a word of them where HAProxy does not take as many", async () => {
    await using socket = await FakeSocket.start(() => "The command line is too big for the buffer size.\n");
    const api = new RuntimeApi({ admin: socket.path, master: undefined }, systemClock);
    await expect(api.hand("set ssl cert /a.pem", "SECRET", undefined, signal)).rejects.toThrow(
      /^HAProxy could not be told a command: it takes no line of \d+ bytes$/,
    );
  });
});

describe("a look at all servers", () => {
  test("is taken again by the master when another worker than the present one answers", async () => {
    await using both = await haproxy({ admin: 7, master: 7 });
    const runtime = byBoth(both);
    await runtime.ask(REQUEST, 7, signal);
    both.become({ admin: 8, master: 9 });
    expect((await runtime.lookAtAll(["del server b/c"], 7, signal)).pid).toBe(9);
    expect(both.admin.lines.at(-1)).toBe(`${GREETING};del server b/c;show servers state`);
    expect(both.master.lines).toEqual(["@1 show info;@1 show servers state"]);
  });

  test("is taken once by the master, which says the same of its worker a second time", async () => {
    await using both = await haproxy({ admin: 7, master: 7 });
    const runtime = byBoth(both);
    await runtime.lookAtAll(["show servers conn b"], undefined, signal);
    both.become({ admin: 7, master: 8 });
    expect((await runtime.lookAtAll(["show servers conn b"], 6, signal)).pid).toBe(8);
    const line = "@1 show info;@1 show servers conn b;@1 show servers state";
    expect(both.master.lines).toEqual([line, line]);
  });

  test("is taken once where the worker is the one that was expected", async () => {
    await using both = await haproxy({ admin: 7, master: 7 });
    expect((await byBoth(both).lookAtAll([], 7, signal)).pid).toBe(7);
    expect(both.admin.lines).toEqual([GREETING, `${GREETING};show servers state`]);
    expect(both.master.lines).toEqual([]);
  });
});
