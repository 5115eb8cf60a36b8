import type { Outcome, Emit } from "../core/events/event.js";
import { fileOf } from "../core/model/reload-driver.js";
import type { Snapshot } from "../core/model/snapshot.js";
import type { Clock } from "../flow/clock.js";
import { linkedSignal } from "../flow/linked-signal.js";
import { ReloadGate } from "../flow/reload-gate.js";
import { LossFinder } from "../haproxy/config/removal.js";
import type {
  History,
  ProxyDriver,
  ReloadVerdict,
  Resource,
  ResourceSet,
  SharedReloads,
  Store,
  Target,
  Templates,
} from "../ports.js";
import type { Rendering } from "../template/template.js";
import type { ApplyOptions } from "./apply-parts.js";
import { FilesByName } from "./history/given-files.js";
import { Histories } from "./history/histories.js";
import { ReloadSlots } from "./reload-slots.js";
import { ResourceLoop } from "./resource-loop.js";
import type { ResourceState } from "./resource-status.js";

/** The parts a renderer is put together from. */
export interface RendererParts extends ApplyOptions {
  readonly templates: Templates;
  /** Where the keys of a resource are. */
  readonly storeOf: (resource: Resource) => Store;
  /** Reads a resource's template; throws `template-invalid`, and so does what it returns. */
  readonly compile: (resource: Resource) => Promise<(snapshot: Snapshot) => Rendering>;
  readonly targetOf: (resource: Resource) => Target | Promise<Target>;
  readonly balancerOf: (resource: Resource) => Promise<ProxyDriver>;
  /** See `ResourceLoopParts`. */
  readonly staleAfterMs?: number;
  /** How reloads go about those of other hosts where a resource does not say so itself; they do not when undefined. */
  readonly reloads?: {
    readonly rules: SharedReloads;
    readonly take: Store["takeSlot"];
    readonly holder: string;
  };
  /** Where the history of a file is kept; undefined where nobody keeps one, and nothing can be pinned. */
  readonly historyOf?: ((resource: Resource) => Promise<History | undefined>) | undefined;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** What a renderer knows and does, for `/state` and `hecd status`. */
export interface RendererState {
  readonly resources: readonly ResourceState[];
  readonly problems: ResourceSet["problems"];
}

/** What came of one resource in a single pass. */
export interface Result {
  /** Its name, or the file that should have been one. */
  readonly resource: string;
  readonly outcome: Outcome;
}

/**
 * The daemon beside HAProxy: keeps files, and what reads them, in step with the store.
 *
 * Each resource has a loop of its own, so that none waits for another's failure; those that share an HAProxy take
 * turns. A state is applied as soon as its turn comes, and it is always the newest: nothing queues. While the store
 * is away nothing changes.
 */
export class Renderer {
  readonly #parts: RendererParts;
  readonly #reloadSlots = new Map<string, ReloadSlots>();
  readonly #reloadGates = new Map<string, ReloadGate<ReloadVerdict>>();
  /** Absent where nobody keeps them. */
  readonly histories: Histories | undefined;
  #loops: ReadonlyMap<string, RunningLoop> = new Map();
  /** How many files each of those that read them has; asked at every step of a loop. */
  #filesOf: ReadonlyMap<string, number> = new Map();
  #problems: ResourceSet["problems"] | undefined;
  /** Whether the first resources are kept. */
  #isLoaded = false;

  constructor(parts: RendererParts) {
    this.#parts = parts;
    const { historyOf, clock, emit } = parts;
    const onDue = (file: string): void => {
      for (const { loop } of this.#loops.values()) if (fileOf(loop.resource) === file) loop.order();
    };
    this.histories = historyOf && !parts.dryRun ? new Histories({ historyOf, clock, emit, onDue }) : undefined;
  }

  /** Works until `signal` aborts; a reload under way comes to its end first, within `finishWithinMs`. */
  async run(signal: AbortSignal): Promise<never> {
    using work = linkedSignal(signal);
    try {
      for await (const set of this.#parts.templates.watch(work.signal)) await this.#take(set, work.signal);
      throw new Error("The templates came to an end");
    } finally {
      work[Symbol.dispose]();
      await Promise.all([...this.#loops.values()].map((loop) => loop.end()));
      await this.histories?.close();
    }
  }

  /**
   * Brings every resource up to date once, one after the other, those of one HAProxy together, which one reload serves;
   * what cannot be used counts as failed.
   *
   * The first result for which `isEnough` ends the pass, once those that it is together with have theirs.
   */
  async once(signal: AbortSignal, isEnough: (outcome: Outcome) => boolean = () => false): Promise<readonly Result[]> {
    const resources = this.#usable(await this.#parts.templates.read());
    const results: Result[] = [];
    for (const { file, reason } of this.#problems ?? []) results.push({ resource: file, outcome: failed(reason) });
    for (const group of groupsOf(resources)) {
      if (results.some(({ outcome }) => isEnough(outcome))) break;
      const loops = await Promise.all(group.map((resource) => this.#loopOf(resource)));
      const outcomes = await Promise.all(
        loops.map(async (loop) => ({ resource: loop.resource.name, outcome: await loop.once(signal) })),
      );
      results.push(...outcomes);
    }
    await this.histories?.close();
    return results;
  }

  /** What this renderer waits for until everything is as it should be; nothing when it is. */
  get waitingFor(): readonly string[] {
    if (!this.#problems || !this.#isLoaded) return ["the templates"];
    const waits = [...this.#loops.values()].map(({ loop }) => loop.waitingFor);
    return [...this.#problems.map(({ file }) => `a usable ${file}`), ...waits.filter((wait) => wait !== undefined)];
  }

  /** What is so because somebody has ordered it. */
  get notes(): readonly string[] {
    return [...this.#loops.values()].flatMap(({ loop }) => {
      const { name, pinned } = loop.state;
      return pinned ? [`${name} is pinned to version ${pinned.to} since ${pinned.since}`] : [];
    });
  }

  /** The files that are kept now, for hosts that fetch them. */
  readonly files = new FilesByName(() => [...this.#loops.values()].map(({ loop }) => loop));

  /** What is kept now. */
  get resources(): readonly Resource[] {
    return [...this.#loops.values()].map(({ loop }) => loop.resource);
  }

  get state(): RendererState {
    return {
      resources: [...this.#loops.values()].map(({ loop }) => loop.state),
      problems: this.#problems ?? [],
    };
  }

  /** Ends the loops of what has changed or gone, lets the others be, and begins what is new. */
  async #take(set: ResourceSet, signal: AbortSignal): Promise<void> {
    const wanted = new Map(this.#usable(set).map((resource) => [JSON.stringify(resource), resource]));
    // Ended before its successor begins to write to the same file.
    await Promise.all([...this.#loops].filter(([key]) => !wanted.has(key)).map(([, loop]) => loop.end()));
    const loops = new Map<string, RunningLoop>();
    for (const [key, resource] of wanted) {
      loops.set(key, this.#loops.get(key) ?? new RunningLoop(await this.#loopOf(resource), signal));
    }
    this.#loops = loops;
    this.#filesOf = countsOf([...loops.values()].map(({ loop }) => identityOf(loop.resource)));
    this.#isLoaded = true;
  }

  /** The resources that can be kept; two that write to one file would undo one another for ever, so the first has it. */
  #usable({ resources, problems }: ResourceSet): readonly Resource[] {
    const { emit } = this.#parts;
    const usable = new Map<string, Resource>();
    const found = [...problems];
    for (const resource of resources) {
      const rival = usable.get(fileOf(resource));
      if (rival) found.push({ file: resource.name, reason: `${rival.name} writes to ${resource.dest} already` });
      else usable.set(fileOf(resource), resource);
    }
    const before = new Map(this.#problems?.map(({ file, reason }) => [file, reason]));
    for (const { file, reason } of found) {
      if (before.get(file) !== reason) emit({ kind: "resource-invalid", file, reason });
    }
    this.#problems = found;
    emit({ kind: "resources-loaded", resources: [...usable.values()].map(({ name }) => name) });
    return [...usable.values()];
  }

  async #loopOf(resource: Resource): Promise<ResourceLoop> {
    const { compile, storeOf, targetOf, balancerOf } = this.#parts;
    const losses = new LossFinder();
    const identity = identityOf(resource);
    const target = await targetOf(resource);
    const record = await this.histories?.of(resource, target);
    return new ResourceLoop(resource, {
      ...this.#parts,
      store: storeOf(resource),
      compile: () => compile(resource),
      target,
      ...(record && { history: record.history, pin: record.pin }),
      driver: await balancerOf(resource),
      lossesBetween: (before, after) => losses.between(before, after),
      isAlone: () => (this.#filesOf.get(identity) ?? 0) <= 1,
      reloadGate: this.#reloadGateOf(resource),
      slots: this.#slotsOf(resource)?.of(resource.name),
    });
  }

  /** The files of one HAProxy have one slot; the first of them says how many there are, and of which group. */
  #slotsOf(resource: Resource): ReloadSlots | undefined {
    const { reloads, clock, emit } = this.#parts;
    if (!reloads || !resource.haproxy) return undefined;
    const rules = { ...reloads.rules, ...resource.haproxy.shared };
    if (rules.slots === undefined && rules.splayMs === 0) return undefined;
    const identity = `${identityOf(resource)} ${JSON.stringify(rules)}`;
    const slots =
      this.#reloadSlots.get(identity) ?? new ReloadSlots({ ...reloads, rules, clock, emit, chance: Math.random });
    this.#reloadSlots.set(identity, slots);
    return slots;
  }

  #reloadGateOf(resource: Resource): ReloadGate<ReloadVerdict> {
    const identity = identityOf(resource);
    const reloadGate = this.#reloadGates.get(identity) ?? new ReloadGate<ReloadVerdict>(this.#parts.clock);
    this.#reloadGates.set(identity, reloadGate);
    return reloadGate;
  }
}

/** What is reloaded in the same way is one HAProxy, or one program of another kind. */
function identityOf({ haproxy, reloadCmd, dest }: Resource): string {
  return JSON.stringify(haproxy?.reload ?? reloadCmd ?? { dest });
}

function countsOf(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** The resources of one HAProxy together, and each other one by itself. */
function groupsOf(resources: readonly Resource[]): readonly (readonly Resource[])[] {
  const groups = new Map<string, Resource[]>();
  for (const resource of resources) {
    const { haproxy, dest } = resource;
    const identity = haproxy ? JSON.stringify(haproxy.reload) : dest;
    groups.set(identity, [...(groups.get(identity) ?? []), resource]);
  }
  return [...groups.values()];
}

/** A resource loop that runs. */
class RunningLoop {
  readonly loop: ResourceLoop;
  readonly #work;
  readonly #over: Promise<unknown>;

  constructor(loop: ResourceLoop, signal: AbortSignal) {
    this.loop = loop;
    this.#work = linkedSignal(signal);
    this.#over = loop.run(this.#work.signal).catch(() => undefined); // it ends by the signal alone
  }

  /** Calls the work off and resolves when it has ended. */
  async end(): Promise<void> {
    this.#work[Symbol.dispose]();
    await this.#over;
  }
}

function failed(reason: string): Outcome {
  return { kind: "failed", reason };
}
