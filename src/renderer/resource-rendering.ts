import type { Emit } from "../core/events/event.js";
import type { Snapshot } from "../core/model/snapshot.js";
import { reasonOf } from "../errors.js";
import type { Clock } from "../flow/clock.js";
import type { Rendering } from "../template/template.js";

/** The parts one resource is rendered with. */
export interface RenderingParts {
  /** Reads the template; throws `template-invalid`, and so does what it returns. */
  readonly compile: () => Promise<(snapshot: Snapshot) => Rendering>;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** A rendering, and how long it took. */
export interface Draft extends Rendering {
  readonly tookMs: number;
}

/** Renders one resource; it compiles the template once, when the first text is asked for. */
export class ResourceRendering {
  readonly #name: string;
  readonly #parts: RenderingParts;
  #render: ((snapshot: Snapshot) => Rendering) | undefined;
  /** The reason for each key that the last text leaves out. */
  #leftOut: ReadonlyMap<string, string> = new Map();

  constructor(name: string, parts: RenderingParts) {
    this.#name = name;
    this.#parts = parts;
  }

  /** What a snapshot gives, which may come to nothing; fails with `template-invalid`. */
  async draftOf(snapshot: Snapshot): Promise<Draft> {
    const { compile, clock, emit } = this.#parts;
    const begunAt = clock.now();
    try {
      this.#render ??= await compile();
      return { ...this.#render(snapshot), tookMs: clock.now() - begunAt };
    } catch (error) {
      emit({ kind: "render-failed", resource: this.#name, reason: reasonOf(error) });
      throw error;
    }
  }

  /** Tells of a draft that is used, and of each key that it leaves out once, and again when the reason is another. */
  use({ text, leftOut, tookMs }: Draft): string {
    const { emit } = this.#parts;
    emit({ kind: "rendered", resource: this.#name, bytes: Buffer.byteLength(text), tookMs });
    const before = this.#leftOut;
    this.#leftOut = new Map(leftOut.map(({ key, reason }) => [key, reason]));
    for (const { key, reason } of leftOut) {
      if (before.get(key) !== reason) emit({ kind: "value-left-out", key, reason });
    }
    return text;
  }
}
