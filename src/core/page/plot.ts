/** A series as a small drawing: bars or a line in a box, with what it says in words for whoever does not see it. */
export interface Plot {
  readonly title: string;
  /** `12 in the last hour, 4 at most in a minute`. */
  readonly words: string;
  readonly kind: "bars" | "line";
  readonly width: number;
  readonly height: number;
  /** The bars that are there; none for a line. */
  readonly bars: readonly { readonly x: number; readonly y: number; readonly height: number }[];
  /** The path of a line, broken where nothing was measured; empty for bars. */
  readonly path: string;
  /** Whether there is anything to be seen. */
  readonly isEmpty: boolean;
}

/** Counts by the minute: one bar each, three wide with one between. */
export function barPlot(title: string, counts: readonly (number | undefined)[], height: number): Plot {
  const values = counts.map((count) => count ?? 0);
  const most = Math.max(0, ...values);
  const total = values.reduce((sum, value) => sum + value, 0);
  const bars = values.flatMap((value, index) => {
    if (value === 0) return [];
    const tall = Math.max(1, round((value / most) * height));
    return [{ x: index * 4, y: round(height - tall), height: tall }];
  });
  const words = total === 0 ? "none in the last hour" : `${total} in the last hour, ${most} at most in a minute`;
  return { title, words, kind: "bars", width: counts.length * 4, height, bars, path: "", isEmpty: total === 0 };
}

/** A measure by the minute in its unit, from zero to the largest. */
export function linePlot(title: string, values: readonly (number | undefined)[], unit: string, height: number): Plot {
  const known = values.filter((value) => value !== undefined);
  const most = Math.max(0, ...known);
  const points = values.map((value, index) =>
    value === undefined
      ? undefined
      : `${index * 4 + 2} ${round(height - 1 - (most === 0 ? 0 : value / most) * (height - 2))}`,
  );
  const path = points
    .flatMap((point, index) => {
      if (point === undefined) return [];
      // One measure alone is a dot: a line without length, with round ends.
      const isAlone = points[index - 1] === undefined && points[index + 1] === undefined;
      return [`${points[index - 1] === undefined ? "M" : "L"}${point}${isAlone ? "h0" : ""}`];
    })
    .join("");
  const last = known.at(-1);
  const words =
    last === undefined ? "nothing measured" : `${last} ${unit} now, ${most} ${unit} at most in the last hour`;
  return { title, words, kind: "line", width: values.length * 4, height, bars: [], path, isEmpty: last === undefined };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
