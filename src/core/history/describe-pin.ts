import type { PinState } from "./pin.js";

/** That a file is pinned: to what, since and until when, and what that keeps out: `web is pinned to version 7 since ...`. */
export function describePin(name: string, { to, since, until, out, waiting }: PinState): string {
  const gone = out.length === 1 ? "1 server of it is out of work" : `${out.length} servers of it are out of work`;
  const coming = waiting === 1 ? "1 new address waits" : `${waiting} new addresses wait`;
  return [
    `${name} is pinned to version ${to} since ${moment(since)}`,
    `until ${until === undefined ? "hecd resume" : moment(until)}`,
    ...(out.length === 0 ? [] : [gone]),
    ...(waiting === 0 ? [] : [coming]),
  ].join(", ");
}

/** ISO 8601 to the second, as people read it: `2026-01-31 03:12:44Z`. */
export function moment(iso: string): string {
  return iso.replace("T", " ").replace(/\.\d+Z$/, "Z");
}
