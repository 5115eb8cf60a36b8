import type { Scope } from "./functions/function.js";
import { FUNCTIONS } from "./functions/functions.js";
import { Keys } from "./functions/keys.js";
import { Memory } from "./functions/memory.js";
import type { Functions, GoFunction } from "./go-values/values.js";
import { Includes } from "./include.js";
import type { ReadPattern } from "./regexp/pattern.js";
import type { RenderInput } from "./template.js";

/** The scope of one rendering, which begins with it; `memory` is that of the template's renderings before. */
export function scopeOf(
  { snapshot, prefix, env, world, compat = "classic" }: RenderInput,
  memory = new Memory(),
  patterns: ReadPattern = unread,
): Scope {
  memory.turn();
  const includes = new Includes(world, () => goFunctions(scope));
  const scope: Scope = {
    keys: new Keys(snapshot, prefix),
    env,
    compat,
    world,
    memory,
    pattern: (source) => memory.recall(patterns, source),
    include: (name, data) => includes.render(name, data),
  };
  return scope;
}

/** All functions over one scope, as a Go template calls them. */
export function goFunctions(scope: Scope): Functions {
  const bound = new Map<string, GoFunction>();
  for (const [name, fn] of FUNCTIONS) bound.set(name, { ...fn, call: (args) => fn.call(scope, args) });
  return bound;
}

function unread(): never {
  throw new Error("Nothing that reads regular expressions was loaded with this template");
}
