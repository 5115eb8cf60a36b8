import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openEtcd } from "../../src/edges/etcd/store.js";
import { systemClock } from "../../src/flow/clock.js";
import { startEtcd, type TestEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { Hecd } from "../support/hecd.js";
import { required } from "../support/required.js";
import { tempDir } from "../support/temp-dir.js";

const never = new AbortController().signal;

let etcd: TestEtcd;

beforeAll(async () => {
  etcd = await startEtcd();
});

afterAll(async () => {
  await etcd[Symbol.asyncDispose]();
});

/** Renderers of HAProxies of which every change is a reload, and a record of when each began and ended. */
class Fleet implements AsyncDisposable {
  readonly #folder: AsyncDisposable & { readonly path: string };
  readonly #key: string;
  readonly #renderers = new Map<string, Hecd>();

  readonly #etcd: TestEtcd;

  private constructor(folder: AsyncDisposable & { readonly path: string }, key: string, at: TestEtcd) {
    this.#folder = folder;
    this.#key = key;
    this.#etcd = at;
  }

  /** On the etcd of all tests unless another one is given. */
  static async start(key: string, at = etcd): Promise<Fleet> {
    return new Fleet(await tempDir(), key, at);
  }

  /** Starts a renderer whose reloads take so many seconds. */
  async renderer(
    name: string,
    slots: number,
    seconds: number,
  ): Promise<{ readonly hecd: Hecd; readonly address: string }> {
    const folder = join(this.#folder.path, name);
    for (const each of ["conf.d", "templates"]) await mkdir(join(folder, each), { recursive: true });
    const text = `defaults\n    timeout client {{getv "${this.#key}"}}s\n`;
    await writeFile(join(folder, "templates/one.cfg.hbs"), text);
    const read = `sed -n 's/.* //p' ${this.#file(name)}`;
    const mark = (what: string) => `echo ${what} ${name} $(${read}) >>${this.#record}`;
    await writeFile(
      join(folder, "conf.d/one.toml"),
      `[template]
src = "one.cfg.hbs"
dest = "${this.#file(name)}"
keys = ["${this.#key}"]
check_cmd = "true"

[haproxy]
reload = "command:${mark("begin")}; sleep ${seconds}; ${mark("end")}"
reload_burst = 100
min_reload_interval = "0s"
reload_slots = ${slots}
reload_group = "${this.#key.slice(1)}"
`,
    );
    const address = `127.0.0.1:${await freePort()}`;
    const hecd = new Hecd(["render", "--etcd", this.#etcd.endpoint, "--confdir", folder, "--listen", address]);
    this.#renderers.set(name, hecd);
    return { hecd, address };
  }

  async say(seconds: number): Promise<void> {
    await this.#etcd.write([[this.#key, String(seconds)]]);
  }

  /** Resolves when these have put the change in place and have reloaded it. */
  async have(seconds: number, ...names: readonly string[]): Promise<void> {
    for (const name of names) {
      await eventually(
        `${name} with ${seconds}`,
        async () => (await this.record()).findLast((line) => line.split(" ")[1] === name) === `end ${name} ${seconds}s`,
        60_000,
      );
    }
  }

  /** What has begun and ended, in its order. */
  async record(): Promise<readonly string[]> {
    const text = await readFile(this.#record, "utf8").catch(() => "");
    return text.split("\n").filter((line) => line !== "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const renderer of this.#renderers.values()) await renderer[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }

  get #record(): string {
    return join(this.#folder.path, "record");
  }

  #file(name: string): string {
    return join(this.#folder.path, name, "one.cfg");
  }
}

/** How many were under way at once at most. */
function mostAtOnce(record: readonly string[]): number {
  let [now, most] = [0, 0];
  for (const line of record) {
    now += line.startsWith("begin") ? 1 : -1;
    most = Math.max(most, now);
  }
  return most;
}

describe.concurrent("HAProxies of a group", () => {
  test("are never reloaded two at once where there is one slot, through fifty changes, and all have the last one", async () => {
    await using fleet = await Fleet.start("/fifty");
    const names = ["a", "b", "c"];
    await fleet.say(1);
    for (const name of names) await fleet.renderer(name, 1, 0.05);
    await fleet.have(1, ...names);
    for (let change = 2; change <= 51; change++) {
      const { length } = await fleet.record();
      await fleet.say(change);
      // Several that come together are one reload of each, so now and then they do not.
      if (change % 5 === 0) await eventually("one more reload", async () => (await fleet.record()).length > length + 1);
    }
    await fleet.have(51, ...names);
    const record = await fleet.record();
    expect(record.length).toBeGreaterThanOrEqual(2 * (10 + 3));
    expect(mostAtOnce(record)).toBe(1);
    await eventually("all slots to be free", async () => (await etcd.keys("/hecd/v1/reload-slots/fifty")).size === 0);
  });

  test("are reloaded two at once and no more where there are two", async () => {
    await using fleet = await Fleet.start("/two");
    const names = ["a", "b", "c"];
    await fleet.say(1);
    for (const name of names) await fleet.renderer(name, 2, 0.3);
    await fleet.have(1, ...names);
    await fleet.say(2);
    await fleet.have(2, ...names);
    expect(mostAtOnce(await fleet.record())).toBe(2);
  });

  test("wait for one that was killed until its lease has ended, and /state tells for whom", async () => {
    await using fleet = await Fleet.start("/killed");
    await fleet.say(1);
    const { hecd } = await fleet.renderer("a", 1, 100);
    await eventually("the first reload", async () => (await fleet.record()).includes("begin a 1s"));
    hecd.signal("SIGKILL");
    const killedAt = performance.now();
    const { address } = await fleet.renderer("b", 1, 0.05);
    await eventually("who waits", async () => {
      const answer = await fetch(`http://${address}/state`).catch(() => undefined);
      return (await answer?.text())?.includes(`process ${hecd.pid} on`);
    });
    const metrics = await (await fetch(`http://${address}/metrics`)).text();
    expect(metrics).toMatch(/^hecd_reload_slot_waiting\{resource="one.toml",group="killed"\} 1$/m);
    await fleet.have(1, "b");
    expect(performance.now() - killedAt).toBeLessThan(20_000);
  });

  test("are reloaded without a slot, and say so, where etcd does not answer for ten seconds", async () => {
    await using own = await startEtcd();
    await using fleet = await Fleet.start("/silent", own);
    await using store = await openEtcd({ endpoints: [own.endpoint] }, { clock: systemClock, emit: () => undefined });
    await fleet.say(1);
    const { hecd } = await fleet.renderer("a", 1, 0.05);
    await fleet.have(1, "a");
    const answer = await required(store.takeSlot, "slots")({ group: "silent", slots: 1, holder: "a test" }, never);
    expect(answer.kind).toBe("taken");
    await fleet.say(2);
    await hecd.said(/waits for a slot of silent before its reload, which a test has/);
    own.freeze();
    try {
      await fleet.have(2, "a");
      await hecd.said(/is reloaded without a slot of silent: the store has not answered for 1\d s/);
    } finally {
      own.thaw();
    }
    if (answer.kind === "taken") await answer.slot[Symbol.asyncDispose]();
  });
});
