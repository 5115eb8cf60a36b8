import { commonEnds } from "../../core/memo/common-ends.js";
import { type Cut, cut } from "./config.js";

/** Two texts where they differ: from the first section that is not in both to the last one. */
export interface Differing {
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** What the two begin and end with. */
  readonly head: readonly string[];
  readonly tail: readonly string[];
  /** See `Cut`; of either. */
  readonly isConditional: boolean;
}

interface Known {
  readonly text: string;
  readonly cut: Cut;
}

/** Compares texts section by section; of a text that is much like one before it only what is not costs time. */
export class CutPair {
  #before: Known = NOTHING;
  #after: Known = NOTHING;

  between(before: string, after: string): Differing {
    this.#before = this.#known(before, this.#before);
    this.#after = this.#known(after, this.#after);
    const [had, has] = [this.#before.cut.texts, this.#after.cut.texts];
    const { head, tail } = commonEnds(had, has);
    return {
      before: had.slice(head, had.length - tail),
      after: has.slice(head, has.length - tail),
      head: had.slice(0, head),
      tail: had.slice(had.length - tail),
      isConditional: this.#before.cut.isConditional || this.#after.cut.isConditional,
    };
  }

  /** A text that was the wanted one is the present one soon. */
  #known(text: string, last: Known): Known {
    const known = [last, this.#after, this.#before].find((each) => each.text === text);
    return known ?? { text, cut: cut(text, last === NOTHING ? this.#before.cut : last.cut) };
  }
}

const NOTHING: Known = { text: "", cut: cut("") };
