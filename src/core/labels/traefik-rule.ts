import { HOST_NAME, PATH_PREFIX } from "../text/patterns.js";

/** The requests a rule wants: a host name, a path prefix, or both. */
export interface Wanted {
  readonly host: string | undefined;
  readonly path: string | undefined;
}

/** No rule may grow beyond so many combinations. */
const MOST = 64;

/** Nor have more words and signs than this, which also bounds how deep its parentheses go. */
const LONGEST = 256;

/**
 * Reads a rule of plain `Host()` and `PathPrefix()` terms, joined by `&&`, `||` and parentheses, as all the combinations
 * it wants; undefined when it says more than that.
 */
export function parseRule(text: string): readonly Wanted[] | undefined {
  const tokens = tokensOf(text);
  if (!tokens) return undefined;
  const rule = new RuleReader(tokens);
  const wanted = rule.either();
  return wanted && rule.isAtEnd ? distinct(wanted) : undefined;
}

/** Host names and paths every one of which goes with every other, if these combinations are that; else undefined. */
export function productOf(
  wanted: readonly Wanted[],
): { readonly hosts: readonly string[]; readonly paths: readonly string[] } | undefined {
  const all = distinct(wanted);
  const hosts = new Set(all.map(({ host }) => host));
  const paths = new Set(all.map(({ path }) => path));
  const mixed = [hosts, paths].some((parts) => parts.size > 1 && parts.has(undefined));
  if (mixed || all.length !== hosts.size * paths.size || all.length > MOST) return undefined;
  return {
    hosts: [...hosts].filter((host) => host !== undefined),
    paths: [...paths].filter((path) => path !== undefined),
  };
}

type Token = { readonly kind: "(" | ")" | "&&" | "||" } | { readonly kind: "term"; readonly wanted: readonly Wanted[] };

function tokensOf(text: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  const next = /\s*(?:(&&|\|\||[()])|(Host|PathPrefix)\s*\(([^()]*)\))\s*/iy;
  while (next.lastIndex < text.length) {
    if (tokens.length === LONGEST) return undefined;
    const [, sign, name, list = ""] = next.exec(text) ?? [];
    if (sign === "(" || sign === ")" || sign === "&&" || sign === "||") tokens.push({ kind: sign });
    else if (name === undefined) return undefined;
    else {
      const wanted = termOf(name.toLowerCase(), list);
      if (!wanted) return undefined;
      tokens.push({ kind: "term", wanted });
    }
  }
  return tokens;
}

/** `Host(`a`, `b`)` wants either. */
function termOf(name: string, list: string): readonly Wanted[] | undefined {
  const values = list.split(",").map((item) => /^\s*(?:`([^`]*)`|"([^"]*)")\s*$/.exec(item));
  const isHost = name === "host";
  const wanted: Wanted[] = [];
  for (const match of values) {
    const value = match?.[1] ?? match?.[2];
    if (value === undefined || !(isHost ? HOST_NAME : PATH_PREFIX).test(value) || value.includes("*")) return undefined;
    wanted.push(isHost ? { host: value.toLowerCase(), path: undefined } : { host: undefined, path: value });
  }
  return wanted.length > MOST ? undefined : wanted;
}

/** Reads tokens from left to right; `&&` binds more tightly than `||`. */
class RuleReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  either(): readonly Wanted[] | undefined {
    let wanted = this.#both();
    while (wanted && this.#takes("||")) {
      const more = this.#both();
      wanted = more && atMost([...wanted, ...more]);
    }
    return wanted;
  }

  #both(): readonly Wanted[] | undefined {
    let wanted = this.#one();
    while (wanted && this.#takes("&&")) {
      const more = this.#one();
      wanted = more && combined(wanted, more);
    }
    return wanted;
  }

  #one(): readonly Wanted[] | undefined {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    if (token?.kind === "term") return token.wanted;
    if (token?.kind !== "(") return undefined;
    const inside = this.either();
    return this.#takes(")") ? inside : undefined;
  }

  #takes(kind: Token["kind"]): boolean {
    if (this.#tokens[this.#at]?.kind !== kind) return false;
    this.#at += 1;
    return true;
  }
}

/** Every combination of one and the other; undefined when two of them want the same part, or there are too many. */
function combined(some: readonly Wanted[], others: readonly Wanted[]): readonly Wanted[] | undefined {
  const both: Wanted[] = [];
  for (const a of some) {
    for (const b of others) {
      const clash = (a.host !== undefined && b.host !== undefined) || (a.path !== undefined && b.path !== undefined);
      if (clash || both.length === MOST) return undefined;
      both.push({ host: a.host ?? b.host, path: a.path ?? b.path });
    }
  }
  return both;
}

function atMost(wanted: readonly Wanted[]): readonly Wanted[] | undefined {
  return wanted.length > MOST ? undefined : wanted;
}

function distinct(wanted: readonly Wanted[]): readonly Wanted[] {
  return [...new Map(wanted.map((one) => [`${one.host ?? ""} ${one.path ?? ""}`, one])).values()];
}
