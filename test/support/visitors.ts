import { askAt } from "./label-world.js";

/** Asks for `/` under a name, over and over, until it is stopped. */
export class Visitors {
  /** Every answer that is not one of those that are allowed. */
  readonly others: string[] = [];
  asked = 0;
  readonly #all: readonly Promise<void>[];
  #isOver = false;

  constructor(port: number, host: string, allowed: readonly string[]) {
    this.#all = Array.from({ length: 4 }, async () => {
      while (!this.#isOver) {
        const { status, body } = await askAt(port, "/", { host });
        this.asked++;
        if (status !== 200 || !allowed.includes(body)) this.others.push(`${status} ${body}`);
      }
    });
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#all);
  }
}
