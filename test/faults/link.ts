import { must } from "../../tools/machine/program.mjs";

/** Which way a link loses everything: what leaves its far end, what comes there, or both. */
export type Loss = "out" | "in" | "both";

/**
 * A network namespace that is joined to this machine by a link of its own, for one daemon as on a host of its own. What the
 * link loses is lost without a word, as in a network that is cut: connections stay, and nobody hears of it. Takes root.
 */
export class Link implements AsyncDisposable {
  /** What a command is started by to be at the far end. */
  readonly launcher: readonly string[];
  /** This machine's address on the link, and the far end's. */
  readonly near: string;
  readonly far: string;
  readonly #name: string;
  readonly #device: string;

  private constructor(index: number) {
    this.#name = `hecd-${process.pid}-${index}`;
    this.#device = `hf${process.pid % 1_000_000}x${index}`;
    this.launcher = ["ip", "netns", "exec", this.#name];
    // Of the addresses that are set apart for tests, those above the ones of private engines; four for each link.
    const first = `198.19.${process.pid % 256}`;
    this.near = `${first}.${4 * index + 1}`;
    this.far = `${first}.${4 * index + 2}`;
  }

  /** Makes the link of this number among those of the process, from 0 to 62. */
  static async make(index: number): Promise<Link> {
    const link = new Link(index);
    const inside = ["-n", link.#name];
    await must("ip", ["netns", "add", link.#name]);
    try {
      await must("ip", ["link", "add", link.#device, "type", "veth", "peer", "name", "eth0", "netns", link.#name]);
      await must("ip", ["address", "add", `${link.near}/30`, "dev", link.#device]);
      await must("ip", ["link", "set", link.#device, "up"]);
      await must("ip", [...inside, "address", "add", `${link.far}/30`, "dev", "eth0"]);
      for (const device of ["lo", "eth0"]) await must("ip", [...inside, "link", "set", device, "up"]);
      await must("ip", [...inside, "route", "add", "default", "via", link.near]);
    } catch (error) {
      await link[Symbol.asyncDispose]();
      throw error;
    }
    return link;
  }

  async lose(loss: Loss): Promise<void> {
    if (loss !== "in") await this.#filter("-A", "OUTPUT", "-o", "eth0", "-j", "DROP");
    if (loss !== "out") await this.#filter("-A", "INPUT", "-i", "eth0", "-j", "DROP");
  }

  async heal(): Promise<void> {
    await this.#filter("-F");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await must("ip", ["netns", "delete", this.#name]); // its link goes with it
  }

  async #filter(...args: readonly string[]): Promise<void> {
    const [program = "", ...others] = this.launcher;
    await must(program, [...others, "iptables", "-w", ...args]);
  }
}
