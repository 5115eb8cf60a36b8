import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { HistoryEntry } from "../../src/core/history/entry.js";
import { reloadByMaster } from "../../src/edges/haproxy/master.js";
import { systemClock } from "../../src/flow/clock.js";
import { eventually } from "../support/eventually.js";
import { type Ended, hecd } from "../support/hecd.js";
import { Line } from "../support/line.js";

const run = promisify(execFile);

/** Runs one of the commands about histories. */
function ask(line: Line, command: string, ...args: readonly string[]): Promise<Ended> {
  const place = ["--renderer", line.rendererAddress];
  const folder = ["history", "diff"].includes(command) ? ["--confdir", line.confdir] : [];
  return hecd([command, ...args, ...place, ...folder]);
}

/** All entries, the oldest first. */
async function history(line: Line): Promise<readonly HistoryEntry[]> {
  const { stdout } = await ask(line, "history", "--json", "--limit", "1000");
  return JSON.parse(stdout) as readonly HistoryEntry[]; // the program's own form
}

/** The newest entry as the status address tells it, which costs no process. */
async function newest(line: Line): Promise<HistoryEntry | undefined> {
  const response = await fetch(`http://${line.rendererAddress}/history?limit=1`).catch(() => undefined);
  const answer = (await response?.json()) as { readonly entries: readonly HistoryEntry[] } | undefined;
  return answer?.entries[0];
}

/** A check and a reload take their time on a busy machine. */
function soon<T>(what: string, probe: () => Promise<T>) {
  return eventually(what, probe, 60_000);
}

/** Resolves to the entry that comes of an act. */
async function entryOf(
  line: Line,
  act: () => Promise<unknown>,
  isIt: (entry: HistoryEntry) => boolean,
): Promise<HistoryEntry> {
  const before = (await newest(line))?.id ?? 0;
  await act();
  return await soon("the entry", async () => {
    const entry = await newest(line);
    return entry && entry.id > before && isIt(entry) ? entry : undefined;
  });
}

const templatePath = (line: Line): string => join(line.confdir, "templates/haproxy.cfg.hbs");

async function editTemplate(line: Line, edit: (source: string) => string): Promise<void> {
  await writeFile(templatePath(line), edit(await readFile(templatePath(line), "utf8")));
}

const key = (server: number): string => `/app/web/w${server}`;
const put = (line: Line, server: number, port: number) => line.etcd.write([[key(server), `127.0.0.1:${port}`]]);
const isApplied = ({ outcome }: HistoryEntry): boolean => outcome === "applied";

/** What HAProxy says of the servers of a backend that are not in maintenance, by name and port. */
async function inWork(line: Line): Promise<readonly string[]> {
  return await line.serversOf("web");
}

describe.concurrent("last night's question", () => {
  test(
    "is answered for 200 changes, a refused template, two reloads and a rollback: when, why, by which key (invariant 1)",
    { timeout: 600_000 },
    async () => {
      await using line = await Line.start();
      const begunAt = new Date();
      line.renderer();
      await entryOf(
        line,
        () => line.etcd.write([1, 2, 3].map((each) => [key(each), `127.0.0.1:${9_000 + each}`])),
        isApplied,
      );
      const CHANGES = 200;
      const changed: (readonly [string, HistoryEntry])[] = [];
      for (let change = 0; change < CHANGES; change++) {
        const server = 1 + (change % 3);
        changed.push([key(server), await entryOf(line, () => put(line, server, 10_000 + change), isApplied)]);
      }
      const refused = await entryOf(
        line,
        () => editTemplate(line, (source) => source.replace(/^global$/m, "global\n  bogus 1")),
        ({ outcome }) => outcome === "rejected",
      );
      const first = await entryOf(
        line,
        () => editTemplate(line, (source) => source.replace("  bogus 1", "  maxconn 1001")),
        isApplied,
      );
      const second = await entryOf(
        line,
        () => editTemplate(line, (source) => source.replace("  maxconn 1001", "  maxconn 1002")),
        isApplied,
      );
      const rolledBack = await ask(line, "rollback", String(first.id));
      expect(rolledBack).toMatchObject({ code: 0, stderr: "" });
      expect(await readFile(line.haproxy.configPath, "utf8")).toContain("maxconn 1001");

      const entries = await history(line);
      for (const [name, { id }] of changed) {
        const entry = entries.find((each) => each.id === id);
        expect(entry).toMatchObject({ how: "runtime", outcome: "applied", resource: "haproxy.toml" });
        expect(entry?.why).toMatchObject({ kind: "keys", keys: [{ key: name, what: "changed" }], more: 0 });
        expect(entry?.did?.[0]).toMatch(/^web\/\S+ (moved to|added|out of work)/);
      }
      const revisions = changed.flatMap(([, { why }]) => (why.kind === "keys" ? (why.keys[0]?.change ?? []) : []));
      expect(new Set(revisions).size).toBe(CHANGES);
      expect(entries.map(({ at }) => at)).toEqual(entries.map(({ at }) => at).sort());
      expect(new Date(entries[0]?.at ?? 0).getTime()).toBeGreaterThanOrEqual(begunAt.getTime() - 1_000);
      expect(entries.find(({ id }) => id === refused.id)).toMatchObject({
        ...{ why: { kind: "template" }, outcome: "rejected" },
        output: expect.stringContaining("bogus") as string,
      });
      for (const { id } of [first, second]) {
        const reload = { why: { kind: "template" }, outcome: "applied", how: "reload", reason: "global differs" };
        expect(entries.find((each) => each.id === id)).toMatchObject(reload);
      }
      const rollback = { why: { kind: "rollback", to: first.id }, outcome: "applied", how: "reload" };
      expect(entries.at(-1)).toMatchObject(rollback);

      const diff = (await ask(line, "diff", String(refused.id))).stdout;
      expect(diff).toMatch(/^\+ {2}bogus 1$/m);
      expect((await ask(line, "diff", String(first.id), String(second.id))).stdout).toMatch(/^-.*1001\n\+.*1002$/m);
      expect((await ask(line, "history", "--limit", "3")).stdout).toMatch(/by hecd rollback to version \d+/);
    },
  );
});

describe.concurrent("a file that somebody edits by hand", () => {
  test(
    "is led back and told as such, also where HAProxy was reloaded by hand with it",
    { timeout: 120_000 },
    async () => {
      await using line = await Line.start();
      const renderer = line.renderer();
      await entryOf(line, () => put(line, 1, 9_001), isApplied);
      const { configPath, masterSocket } = line.haproxy;
      const ours = await readFile(configPath, "utf8");
      const isEdited = ({ why, outcome }: HistoryEntry): boolean => why.kind === "edited" && outcome === "applied";
      const differences = ["backend other was added"];
      const theirs = `${ours}backend other\n  server secret 127.0.0.1:9\n`;
      const first = await entryOf(line, () => writeFile(configPath, theirs), isEdited);
      expect(first).toMatchObject({ why: { differences } });
      expect(await readFile(configPath, "utf8")).toBe(ours);

      const second = await entryOf(
        line,
        async () => {
          await writeFile(configPath, ours.replace(/^backend web$/m, "backend other"));
          await reloadByMaster(masterSocket, { clock: systemClock }, new AbortController().signal);
        },
        isEdited,
      );
      expect(second.reason ?? "").not.toMatch(/^backend web is new/);
      const state: unknown = await (await fetch(`http://${line.rendererAddress}/state`)).json();
      expect(state).toMatchObject({
        state: { resources: [{ lastEdit: { differences: expect.arrayContaining(differences) as string[] } }] },
      });
      expect(renderer.log.match(/"msg":"[^"]*was edited by somebody else/g)).toHaveLength(2);
      expect(renderer.log).not.toContain("server secret");
      expect((await ask(line, "history")).stdout).toContain(
        "because somebody else had edited the file: backend other was added",
      );
      expect(await inWork(line)).toEqual(["w1"]);
    },
  );
});

describe.concurrent("a pinned file", () => {
  test(
    "outlasts a crash, keeps out of work who dies meanwhile, lets nothing new in, and follows the store again by order",
    { timeout: 240_000 },
    async () => {
      await using line = await Line.start();
      const renderer = line.renderer();
      const first = await entryOf(
        line,
        () => line.etcd.write([1, 2].map((each) => [key(each), `127.0.0.1:${9_000 + each}`])),
        isApplied,
      );
      await entryOf(
        line,
        () => editTemplate(line, (source) => source.replace(/^global$/m, "global\n  maxconn 1001")),
        isApplied,
      );
      expect((await ask(line, "rollback", String(first.id))).code).toBe(0);
      renderer.signal("SIGKILL");
      await renderer.ended();
      await line.etcd.ctl("del", key(1));
      await put(line, 3, 9_003);

      line.renderer();
      await soon("the dead server out of work", async () => (await inWork(line)).join() === "w2");
      expect(await readFile(line.haproxy.configPath, "utf8")).not.toContain("maxconn 1001");
      // The turn that has put it out of work has yet to end.
      const status = await soon("a ready renderer", async () => {
        const { code, stdout } = await hecd(["status", "--agent", "off", "--renderer", line.rendererAddress]);
        return code === 0 ? stdout : undefined;
      });
      expect(status).toMatch(
        new RegExp(
          `ready; .*haproxy.toml is pinned to version ${first.id} since \\S+ \\S+, until hecd resume, 1 server of it is out of work, 1 new address waits`,
        ),
      );
      const ready = await fetch(`http://${line.rendererAddress}/readyz`);
      expect(await ready.text()).toMatch(`ready; haproxy.toml is pinned to version ${first.id} since`);
      const metrics = await (await fetch(`http://${line.rendererAddress}/metrics`)).text();
      expect(metrics).toMatch(/^hecd_pinned\{resource="haproxy.toml"\} 1$/m);
      expect(metrics).toMatch(/^hecd_pinned_servers_out\{resource="haproxy.toml"\} 1$/m);

      await put(line, 1, 9_001);
      await soon("the server in work again", async () => (await inWork(line)).join() === "w1,w2");
      expect(await ask(line, "resume")).toMatchObject({ code: 0 });
      await soon("what is new", async () => (await inWork(line)).join() === "w1,w2,w3");
      expect(await readFile(line.haproxy.configPath, "utf8")).toContain("maxconn 1001");
      expect((await history(line)).map(({ why }) => why.kind)).toEqual(
        expect.arrayContaining(["found", "rollback", "resume"]),
      );
    },
  );

  test("ends by itself when its time is over", { timeout: 120_000 }, async () => {
    await using line = await Line.start();
    const renderer = line.renderer();
    const first = await entryOf(line, () => put(line, 1, 9_001), isApplied);
    await entryOf(line, () => put(line, 2, 9_002), isApplied);
    expect((await ask(line, "rollback", String(first.id), "--for", "3s")).code).toBe(0);
    await renderer.said(/no longer pinned to version \d+: its time is over/, 60_000);
    await soon("what came since", async () => (await inWork(line)).join() === "w1,w2");
  });

  test("is none where there is no such version, and that is said", { timeout: 120_000 }, async () => {
    await using line = await Line.start();
    line.renderer();
    await entryOf(line, () => put(line, 1, 9_001), isApplied);
    const { code, stderr } = await ask(line, "rollback", "4711");
    expect([code, stderr]).toEqual([1, expect.stringContaining("There is no version 4711")]);
    expect((await ask(line, "resume")).stderr).toContain("No file is pinned");
  });
});

describe.concurrent("a disk that is full", () => {
  test(
    "costs the history and nothing else, is told, and lets nobody pin what would not last",
    { timeout: 240_000 },
    async () => {
      await using line = await Line.start();
      const folder = join(line.haproxy.directory, ".hecd-history");
      await mkdir(folder);
      await run("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
      try {
        const renderer = line.renderer();
        const first = await entryOf(line, () => put(line, 1, 9_001), isApplied);
        await writeFile(join(folder, "filler"), Buffer.alloc(65_536)).catch(() => undefined);
        for (let port = 9_100; !renderer.log.includes("history-unwritable"); port++) {
          await put(line, 1, port);
          await soon("the change", async () => (await readFile(line.haproxy.configPath, "utf8")).includes(`:${port}`));
          expect(port).toBeLessThan(9_400);
        }
        expect(renderer.log).toMatch(/Cannot write the history of haproxy.toml, all else goes on: .*ENOSPC/);
        const { code, stderr } = await ask(line, "rollback", String(first.id));
        expect([code, stderr]).toEqual([1, expect.stringMatching(/could not rollback: Cannot write .*ENOSPC/)]);
        expect(renderer.log).not.toContain("is pinned");
        await put(line, 2, 9_002);
        await soon("another server", async () => (await inWork(line)).join() === "w1,w2");
      } finally {
        await run("umount", [folder]);
      }
    },
  );
});
