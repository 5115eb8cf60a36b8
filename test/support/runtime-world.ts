import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { carriedFiles } from "../../src/haproxy/config/maps.js";
import { TakeawayFinder } from "../../src/haproxy/config/takeaway.js";
import type { HecdEvent, Outcome } from "../../src/core/events/event.js";
import { HaproxyDriver } from "../../src/edges/haproxy/driver.js";
import { askSocket } from "../../src/edges/haproxy/socket.js";
import { TargetFile } from "../../src/edges/output/target-file.js";
import { systemClock } from "../../src/flow/clock.js";
import type { HaproxySettings, Resource } from "../../src/ports.js";
import { apply, DEFAULT_OPTIONS } from "../../src/renderer/apply.js";
import type { ApplyParts } from "../../src/renderer/apply-parts.js";
import { eventually } from "./eventually.js";
import { HAPROXY } from "./haproxy-binary.js";
import { type LiveHaproxy, startHaproxy } from "./live-haproxy.js";
import { resourceOf } from "./pushed-store.js";
import { numberOf, required } from "./required.js";
import { tempDir } from "./temp-dir.js";

const never = new AbortController().signal;

/** A real HAProxy, its file, and the balancer that drives both, as a renderer has them. */
export class RuntimeWorld implements AsyncDisposable {
  readonly haproxy: LiveHaproxy;
  readonly told: HecdEvent[] = [];
  parts: ApplyParts;
  #settings: HaproxySettings;

  private constructor(haproxy: LiveHaproxy, settings: HaproxySettings) {
    this.haproxy = haproxy;
    this.#settings = settings;
    this.parts = this.#newParts();
  }

  /** Starts it on a configuration; with `admin`, runtime commands go through a socket of the worker's own. */
  static async start(
    configFor: (port: number, socket: string) => string,
    way: "admin" | "master" = "master",
  ): Promise<RuntimeWorld> {
    const folder = await tempDir();
    const socket = join(folder.path, "admin.sock");
    const haproxy = await startHaproxy((port) => configFor(port, socket));
    const world = new RuntimeWorld(haproxy, {
      socket: way === "admin" ? socket : undefined,
      reload: { kind: "master", socket: haproxy.masterSocket },
    });
    world.#folder = folder;
    return world;
  }

  #folder: AsyncDisposable | undefined;

  get port(): number {
    return this.haproxy.port;
  }

  /** Applies until nothing more is due, as a keeper does. */
  async apply(text: string): Promise<Outcome> {
    const outcome = await apply(text, this.parts, never);
    if (outcome.kind === "overtaken") throw new Error("No reload is ever delayed here");
    return outcome;
  }

  /** As if the renderer had been started anew, to drive it in this way. */
  driveBy(settings: HaproxySettings): void {
    this.#settings = settings;
    this.restart();
  }

  /** As if the renderer had been started anew. */
  restart(): void {
    this.parts = this.#newParts();
  }

  /** What was told of this kind since the last question. */
  take<Kind extends HecdEvent["kind"]>(kind: Kind): readonly Extract<HecdEvent, { kind: Kind }>[] {
    const isWanted = (event: HecdEvent): event is Extract<HecdEvent, { kind: Kind }> => event.kind === kind;
    const taken = this.told.filter(isWanted);
    this.told.splice(0, this.told.length, ...this.told.filter((event) => !isWanted(event)));
    return taken;
  }

  /** The servers that run, but those that are out and in no file. */
  async servers(text: string): Promise<readonly string[]> {
    return comparable(await this.ask("show servers state"), await this.ask("show stat -1 4 -1"), text);
  }

  /** One command to the worker. */
  async ask(command: string): Promise<string> {
    return required(await askSocket(this.haproxy.masterSocket, `@1 ${command}`, never), `answer to ${command}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.haproxy[Symbol.asyncDispose]();
    await this.#folder?.[Symbol.asyncDispose]();
  }

  #newParts(): ApplyParts {
    const resource = resourceOf({
      name: "haproxy.toml",
      dest: this.haproxy.configPath,
      haproxy: this.#settings,
    });
    return drivenParts(resource, this.#settings, this.told);
  }
}

/** What a turn works with that keeps one file of a real HAProxy and never waits for a reload; `told` hears every event. */
export function drivenParts(resource: Resource, settings: HaproxySettings, told: HecdEvent[]): ApplyParts {
  const emit = (event: HecdEvent): void => void told.push(event);
  return {
    resource,
    target: new TargetFile(resource, emit),
    driver: new HaproxyDriver(resource, settings, { haproxy: HAPROXY, clock: systemClock, emit }),
    clock: systemClock,
    emit,
    ...DEFAULT_OPTIONS,
    isWary: false,
    mayDefer: false,
    mayPostpone: false,
    ahead: undefined,
    takeaways: new TakeawayFinder(),
    awaitReload: async () => false,
  };
}

/** The servers of a fresh HAProxy that is started on this text, but takes no requests. */
export async function freshServers(text: string): Promise<readonly string[]> {
  await using folder = await tempDir();
  const path = join(folder.path, "haproxy.cfg");
  const socket = join(folder.path, "admin.sock");
  let binds = 0;
  const elsewhere = text.replace(/^(\s*bind) \S+/gm, (_, word: string) => `${word} ${folder.path}/${binds++}.sock`);
  for (const file of carriedFiles(text)) await writeFile(join(folder.path, file.name), file.text);
  await writeFile(path, elsewhere.replace(/stats socket \S+/, `stats socket ${socket}`));
  const child = spawn(HAPROXY, ["-db", "-f", path], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const ended = once(child, "close");
  try {
    const ask = async (command: string): Promise<string> =>
      required(await askSocket(socket, command, never), `answer to ${command}`);
    const state = await eventually("the fresh HAProxy", async () => {
      if (child.exitCode !== null) throw new Error(log);
      return await ask("show servers state");
    });
    return comparable(state, await ask("show stat -1 4 -1"), text);
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

/** Address, weight and state of every server, and what the statistics say of it; order and numbers left out. */
function comparable(state: string, stat: string, text: string): readonly string[] {
  const inFile = serversIn(text);
  const states = state
    .split("\n")
    .filter((line) => /^\d+ \S+ \d+ \S/.test(line))
    .map((line) => line.split(" "))
    .map(([, backend = "", , name = "", addr = "", , admin = "", weight = "", ...rest]) => {
      const isOut = (numberOf(admin, `state of ${name}`) & 1) !== 0;
      return {
        id: `${backend}/${name}`,
        isOut,
        said: `${addr} ${required(rest[10], `port of ${name}`)} weight ${weight} ${isOut ? "out" : "in"}`,
      };
    });
  const [heading = "", ...rows] = stat.split("\n").filter(Boolean);
  const columns = heading.replace(/^# /, "").split(",");
  const stats = new Map<string, string>(
    rows.map((row) => {
      const fields = row.split(",");
      const field = (name: string): string => {
        const value = fields[columns.indexOf(name)];
        if (value === undefined) throw new Error(`There is no ${name} in ${heading}`);
        return value;
      };
      // Weight and checks of a server that is out are told only once it comes in; `show servers state` has the weight.
      const ofThoseIn = field("status") === "MAINT" ? [] : ["weight", "check_rise", "check_fall"];
      const said = [...ofThoseIn, "act", "bck", "addr", "mode", "slim", "qlimit"].map(field).join(",");
      return [`${field("pxname")}/${field("svname")}`, said] as const;
    }),
  );
  return states
    .filter(({ id, isOut }) => !isOut || inFile.has(id))
    .map(({ id, said }) => `${id} ${said} ${stats.get(id) ?? "no statistics"}`)
    .sort();
}

function serversIn(text: string): ReadonlySet<string> {
  const ids = new Set<string>();
  let backend = "";
  for (const line of text.split("\n")) {
    const [word = "", name = ""] = line.trim().split(/\s+/);
    if (word === "backend" || word === "listen") backend = name;
    if (word === "server") ids.add(`${backend}/${name}`);
  }
  return ids;
}
