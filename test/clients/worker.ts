/** Measures the cells that its parent names, one after the other, on the HAProxy that the environment names. */
import { required } from "../support/required.js";
import { ACTS } from "./acts.js";
import type { Cell } from "./cells.js";
import { measure, type Result } from "./measure.js";
import { STYLES } from "./styles.js";

/** What came of a cell: a result, or why there is none. */
export type Answer = { readonly result: Result } | { readonly fault: string };

// A terminal interrupts all of its processes: this one ends when its parent has left it and nothing is under way.
process.on("SIGINT", () => undefined);

process.on("message", (cell: Cell) => {
  answerTo(cell).then(
    (answer) => process.send?.(answer),
    () => process.exit(1), // which is no measuring any more
  );
});

async function answerTo({ act, style, servers }: Cell): Promise<Answer> {
  const whole = required(
    ACTS.find(({ name }) => name === act),
    act,
  );
  const whichStyle = required(
    STYLES.find(({ name }) => name === style),
    style,
  );
  try {
    return { result: await measure(whole, whichStyle, servers) };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}
