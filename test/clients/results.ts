import { appendFile, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { isInDoubt } from "./acceptance.js";
import type { Cell } from "./cells.js";
import type { Measured } from "./table.js";

/** Where results go if nothing else is said. */
export const RESULTS = join(tmpdir(), `hecd-clients-${userInfo().uid}.jsonl`);

/** A file that has a result on each line, so that a run that was interrupted can go on. */
export class Results {
  readonly #path: string;
  readonly #all: Map<string, Measured>;

  private constructor(path: string, all: Map<string, Measured>) {
    this.#path = path;
    this.#all = all;
  }

  /** A file without results, whatever was at that path. */
  static async anew(path: string): Promise<Results> {
    await rm(path, { force: true });
    return new Results(path, new Map());
  }

  /**
   * The file at that path, if there is one, without a line in the middle of which it was interrupted. Of two results of
   * one cell the later one counts, and one in doubt does not.
   */
  static async resumed(path: string): Promise<Results> {
    const text = await readFile(path, "utf8").catch(() => "");
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    if (whole !== text) await writeFile(path, whole);
    const lines = whole.split("\n").filter((line) => line !== "");
    const all = lines.map((line) => JSON.parse(line) as Measured).filter((result) => !isInDoubt(result)); // see `add`
    return new Results(path, new Map(all.map((each) => [keyOf(each), each])));
  }

  get all(): readonly Measured[] {
    return [...this.#all.values()];
  }

  has(cell: Cell & { readonly version: string }): boolean {
    return this.#all.has(keyOf(cell));
  }

  async add(result: Measured): Promise<void> {
    this.#all.set(keyOf(result), result);
    await appendFile(this.#path, `${JSON.stringify(result)}\n`);
  }
}

function keyOf({ version, style, act, servers }: Cell & { readonly version: string }): string {
  return JSON.stringify([version, style, act, servers]);
}
