import type { Emit } from "../core/events/event.js";
import type { Snapshot } from "../core/model/snapshot.js";
import type { LeftOut } from "../core/view/server.js";
import { reasonOf } from "../errors.js";
import type { Clock } from "../flow/clock.js";
import type { PinnedText } from "../core/history/pinned-text.js";
import type { Rendering } from "../template/template.js";
import type { FilePin } from "./history/file-pin.js";

/** The parts one resource is rendered with. */
export interface RenderingParts {
  /** Reads the template; throws `template-invalid`, and so does what it returns. */
  readonly compile: () => Promise<(snapshot: Snapshot) => Rendering>;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Whose text comes before that of the template; undefined where nobody pins files. */
  readonly pin?: FilePin | undefined;
}

/** A rendering, and how long it took. */
export interface Draft extends Rendering {
  readonly tookMs: number;
  /** What is pinned, where that is the text. */
  readonly pinned?: PinnedText | undefined;
}

/** Renders one resource; it compiles the template once, when the first text is asked for. */
export class ResourceRendering {
  readonly #name: string;
  readonly #parts: RenderingParts;
  #render: ((snapshot: Snapshot) => Rendering) | undefined;
  /** The reason for each key that the last text leaves out. */
  #leftOut: ReadonlyMap<string, string> = new Map();

  #steering: readonly string[] = [];

  constructor(name: string, parts: RenderingParts) {
    this.#name = name;
    this.#parts = parts;
  }

  /** The keys that the last text leaves out, with the reason for each. */
  get leftOut(): readonly LeftOut[] {
    return [...this.#leftOut].map(([key, reason]) => ({ key, reason }));
  }

  /** What keys of steering come to in the last text, in words. */
  get steering(): readonly string[] {
    return this.#steering;
  }

  /** What a snapshot gives, which may come to nothing; fails with `template-invalid`. */
  async draftOf(snapshot: Snapshot): Promise<Draft> {
    const { compile, clock, emit, pin } = this.#parts;
    const begunAt = clock.now();
    const pinned = pin?.textAt(snapshot);
    if (pinned) return { text: pinned.text, leftOut: [], tookMs: clock.now() - begunAt, pinned };
    try {
      this.#render ??= await compile();
      return { ...this.#render(snapshot), tookMs: clock.now() - begunAt };
    } catch (error) {
      emit({ kind: "render-failed", resource: this.#name, reason: reasonOf(error) });
      throw error;
    }
  }

  /** Tells of a draft that is used, and of each key that it leaves out once, and again when the reason is another. */
  use({ text, leftOut, tookMs, pinned, steering = [] }: Draft): string {
    const { emit, pin } = this.#parts;
    if (pinned) pin?.use(pinned);
    emit({ kind: "rendered", resource: this.#name, bytes: Buffer.byteLength(text), tookMs });
    this.#steering = steering;
    const before = this.#leftOut;
    this.#leftOut = new Map(leftOut.map(({ key, reason }) => [key, reason]));
    for (const { key, reason } of leftOut) {
      if (before.get(key) !== reason) emit({ kind: "value-left-out", key, reason });
    }
    return text;
  }
}

/** The renderings of one turn, each made once. */
export class Drafts {
  readonly #rendering: ResourceRendering;
  readonly #made = new Map<Snapshot, Draft>();

  constructor(rendering: ResourceRendering) {
    this.#rendering = rendering;
  }

  async of(snapshot: Snapshot): Promise<Draft> {
    const draft = this.#made.get(snapshot) ?? (await this.#rendering.draftOf(snapshot));
    this.#made.set(snapshot, draft);
    return draft;
  }
}
