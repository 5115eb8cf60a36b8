import { type Act, ACTS } from "./acts.js";
import { type Style, STYLES } from "./styles.js";

/** One act on one HAProxy with so many servers: what is measured at a time. */
export interface Cell {
  readonly act: string;
  readonly style: string;
  readonly servers: number;
}

/** A part of all there is; an empty text leaves nothing out. */
export interface Choice {
  readonly act: string;
  readonly style: string;
  readonly servers: readonly number[];
}

/** The cells of a choice, in the order of their tables. */
export function cellsOf(choice: Choice): readonly Cell[] {
  return STYLES.filter(({ name }) => name.includes(choice.style)).flatMap((style) =>
    ACTS.filter(({ name }) => name.includes(choice.act)).flatMap((act) =>
      choice.servers
        .filter((servers) => isWorthwhile(act, style, servers))
        .map((servers) => ({ act: act.name, style: style.name, servers })),
    ),
  );
}

/** Requests that wait for a server after the last one has left for good would wait as long as they may, and no more. */
function isWorthwhile(act: Act, style: Style, servers: number): boolean {
  return servers >= (act.atLeast ?? 1) && !(act.takesOneAway === true && style.holdMs > 0 && servers === 1);
}
