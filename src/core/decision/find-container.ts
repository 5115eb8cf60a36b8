import { suggest } from "../text/suggest.js";

/** What a container can be found by. */
export interface Named {
  /** The full id. */
  readonly id: string;
  readonly name: string;
}

/** What came of looking for a container. */
export type Found<T extends Named> =
  | { readonly kind: "found"; readonly container: T }
  | { readonly kind: "ambiguous"; readonly candidates: readonly Named[] }
  /** `near` are names that may have been meant. */
  | { readonly kind: "unknown"; readonly near: readonly string[] };

/** More names than this are no help. */
const NEAR_NAMES = 5;

/** Finds a container as Docker does: by its whole name, else by the beginning of its id. Never by a part of a name. */
export function findContainer<T extends Named>(asked: string, containers: readonly T[]): Found<T> {
  const name = asked.replace(/^\//, "");
  const named = containers.filter((container) => container.name === name);
  const matches =
    named.length > 0 ? named : containers.filter(({ id }) => /^[0-9a-f]+$/.test(asked) && id.startsWith(asked));
  const [container] = matches;
  if (!container) return { kind: "unknown", near: nearNames(name, containers) };
  return matches.length === 1 ? { kind: "found", container } : { kind: "ambiguous", candidates: matches };
}

function nearNames(name: string, containers: readonly Named[]): readonly string[] {
  const names = containers.map((container) => container.name).sort();
  const holding = name === "" ? [] : names.filter((candidate) => candidate.includes(name));
  return [...new Set([...suggest(name, names), ...holding])].slice(0, NEAR_NAMES);
}
