import { isAddress } from "./address.js";
import { modelOf } from "./model.js";

/** An address that a configuration listens on by TCP; no host means all addresses. */
export interface Bind {
  readonly host: string | undefined;
  readonly port: number;
}

/** What `wanted` listens on by ports of which `present` has none at all: another process may hold those. */
export function newBinds(present: string | undefined, wanted: string): readonly Bind[] {
  const held = new Set(present === undefined ? [] : bindsOf(present).map(({ port }) => port));
  // Without a present text nothing is known of what HAProxy itself holds.
  return present === undefined ? [] : bindsOf(wanted).filter(({ port }) => !held.has(port));
}

/** Only plain addresses with one port; sockets, ranges and names are HAProxy's own affair. */
function bindsOf(text: string): readonly Bind[] {
  return modelOf(text).binds.flatMap((bind): readonly Bind[] => {
    const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(bind) ?? [];
    const plain = host.replace(/^\[(.*)\]$/, "$1");
    if (port === "" || Number(port) < 1 || Number(port) > 65_535) return [];
    if (plain === "" || plain === "*") return [{ host: undefined, port: Number(port) }];
    return isAddress(plain) ? [{ host: plain, port: Number(port) }] : [];
  });
}
