/** Control sequences as ours use them, a character, or a line's end. */
// eslint-disable-next-line no-control-regex -- these are the very characters that a terminal is controlled by
const PIECE = /\u001b\[(?<args>[?0-9;]*)(?<kind>[A-Za-z])|(?<other>[\s\S])/gu;

/** What a terminal shows of what it is sent: a screen, and an alternate one. */
export class TestScreen {
  readonly #normal: string[] = [];
  readonly #alternate: string[] = [];
  #isAlternate = false;
  #hasCursor = true;
  #row = 0;
  #column = 0;
  /** Whole clears of the alternate screen so far, each of which would be seen as flicker. */
  clears = 0;

  /** The lines of the screen that is shown, without blanks and lines at their ends. */
  get lines(): readonly string[] {
    const lines = (this.#isAlternate ? this.#alternate : this.#normal).map((line) => line.trimEnd());
    while (lines.at(-1) === "") lines.pop();
    return lines;
  }

  get text(): string {
    return this.lines.join("\n");
  }

  /** Whether an alternate screen is shown, or the cursor is hidden. */
  get isTaken(): boolean {
    return this.#isAlternate || !this.#hasCursor;
  }

  take(sent: string): void {
    for (const { groups } of sent.matchAll(PIECE)) {
      if (groups?.["kind"] !== undefined) this.#control(groups["args"] ?? "", groups["kind"]);
      else this.#put(groups?.["other"] ?? "");
    }
  }

  #control(args: string, kind: string): void {
    const lines = this.#isAlternate ? this.#alternate : this.#normal;
    switch (`${kind} ${args}`) {
      case "h ?1049":
        this.#isAlternate = true;
        this.#alternate.length = 0;
        break;
      case "l ?1049":
        this.#isAlternate = false;
        break;
      case "h ?25":
        this.#hasCursor = true;
        break;
      case "l ?25":
        this.#hasCursor = false;
        break;
      case "J 2":
        lines.length = 0;
        this.clears++;
        break;
      case "K ":
        lines[this.#row] = this.#line.slice(0, this.#column);
        break;
      default:
        if (kind === "H")
          [this.#row = 0, this.#column = 0] = args.split(";").map((one) => Math.max(0, Number(one) - 1));
        else if (kind !== "m" && args !== "?7") throw new Error(`Unknown control sequence ${args}${kind}`);
    }
  }

  get #line(): string {
    return (this.#isAlternate ? this.#alternate : this.#normal)[this.#row] ?? "";
  }

  #put(sign: string): void {
    if (sign === "\r") this.#column = 0;
    else if (sign === "\n") [this.#row, this.#column] = [this.#row + 1, 0];
    else {
      const lines = this.#isAlternate ? this.#alternate : this.#normal;
      for (let row = lines.length; row <= this.#row; row++) lines[row] = "";
      const line = this.#line.padEnd(this.#column);
      lines[this.#row] = line.slice(0, this.#column) + sign + line.slice(this.#column + 1);
      this.#column++;
    }
  }
}
