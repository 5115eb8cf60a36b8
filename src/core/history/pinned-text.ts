import type { Pin } from "./pin.js";
import { addressesOf } from "./store-addresses.js";

/** A pinned text at a state of the store. */
export interface PinnedText {
  readonly text: string;
  /** Servers that are kept out of work since the store no longer has their address, as `backend/server`. */
  readonly out: readonly string[];
  /** How many addresses of the store the pinned text does not know. */
  readonly waiting: number;
}

/**
 * The pinned text with `disabled` at every server whose address the store had when the text was made, and no longer has:
 * whoever died meanwhile, or drains, gets no more requests. All else stays as it was then.
 */
export function pinnedTextAt({ text, addresses }: Pin, entries: Iterable<readonly [string, string]>): PinnedText {
  const known = new Set(addresses);
  const present = addressesOf(entries);
  const out: string[] = [];
  let section = "";
  const lines = text.split("\n").map((line) => {
    const [, title] = /^[ \t]*(?:backend|listen)[ \t]+(\S+)/.exec(line) ?? [];
    if (title !== undefined) section = title;
    const [start, name = "", address = ""] = /^[ \t]*server[ \t]+(\S+)[ \t]+(\S+)/.exec(line) ?? [];
    if (start === undefined || !known.has(address) || present.has(address)) return line;
    out.push(`${section}/${name}`);
    return `${start} disabled${line.slice(start.length)}`;
  });
  const waiting = [...present].filter((address) => !known.has(address)).length;
  return { text: out.length === 0 ? text : lines.join("\n"), out, waiting };
}
