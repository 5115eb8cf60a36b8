import type { Emit } from "../core/events/event.js";
import type { Snapshot } from "../core/model/snapshot.js";
import type { LeftOut } from "../core/view/server.js";
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

  /** The text for a snapshot; fails with `template-invalid`. */
  async textFor(snapshot: Snapshot): Promise<string> {
    const { compile, clock, emit } = this.#parts;
    const begunAt = clock.now();
    try {
      this.#render ??= await compile();
      const { text, leftOut } = this.#render(snapshot);
      const bytes = Buffer.byteLength(text);
      emit({ kind: "rendered", resource: this.#name, bytes, tookMs: clock.now() - begunAt });
      this.#tellLeftOut(leftOut);
      return text;
    } catch (error) {
      emit({ kind: "render-failed", resource: this.#name, reason: reasonOf(error) });
      throw error;
    }
  }

  /** Tells of each key that is left out once, and again when the reason is another. */
  #tellLeftOut(leftOut: readonly LeftOut[]): void {
    const before = this.#leftOut;
    this.#leftOut = new Map(leftOut.map(({ key, reason }) => [key, reason]));
    for (const { key, reason } of leftOut) {
      if (before.get(key) !== reason) this.#parts.emit({ kind: "value-left-out", key, reason });
    }
  }
}
