import { basePath, dirPath } from "../core/path.js";
import { FunctionError } from "./function-error.js";
import type { Keys, Pair } from "./keys.js";

/** What a function can look at besides its arguments. */
export interface Scope {
  readonly keys: Keys;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What a function gives back: plain data that every template language has a form for. */
export type FunctionValue = string | boolean | Pair | readonly string[] | readonly Pair[] | JsonObject;

/** What `json` reads; the numbers are JavaScript's. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** What an argument must be. */
export type Kind = "text" | "texts";

/** A function of the templates; an engine checks the arguments against its kinds, then calls it. */
export interface TemplateFunction {
  readonly params: readonly Kind[];
  /** Any number of these may follow. */
  readonly rest: Kind | undefined;
  /** Throws a `FunctionError` when there is no answer. */
  call(scope: Scope, args: readonly unknown[]): FunctionValue;
}

/**
 * The functions that every template language has, by name. All are confd's; what differs from a plain reading of its
 * documentation is said with each.
 */
export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map(
  Object.entries({
    // The store (memkv). A key is found by its exact text; patterns are Go's path.Match.

    /** Whether the key is there; a directory is not a key. */
    exists: define(["text"], ({ keys }, key) => keys.exists(key)),
    /** The pair of a key; a missing key is an error. */
    get: define(["text"], ({ keys }, key) => keys.get(key)),
    /** The value of a key; when it is missing the first default, else an error. An empty value is a value. */
    getv: defineOpen(["text"], "text", ({ keys }, key, ...defaults) => keys.getValue(key, defaults)),
    /** The pairs of all keys that match, by key. No match is an empty list, so that the last server can leave. */
    gets: define(["text"], ({ keys }, pattern) => keys.getAll(pattern)),
    /** The values of all keys that match, in the order of the values. */
    getvs: define(["text"], ({ keys }, pattern) => keys.getAllValues(pattern)),
    /** The names one level below a path, and its own last part when it is a key: a test for existence in old templates. */
    ls: define(["text"], ({ keys }, path) => keys.list(path)),
    /** The names one level below a path that have something below them. */
    lsdir: define(["text"], ({ keys }, path) => keys.listDirectories(path)),

    // Text

    /** Go's path.Base. */
    base: define(["text"], (_, path) => basePath(path)),
    /** Go's path.Dir. */
    dir: define(["text"], (_, path) => dirPath(path)),
    /** Go's strings.Split: by an empty separator into characters. */
    split: define(["text", "text"], (_, text, separator) =>
      separator === "" ? Array.from(text) : text.split(separator),
    ),
    /** Go's strings.Join. */
    join: define(["texts", "text"], (_, texts, separator) => texts.join(separator)),
    /** A JSON object; of a key that occurs twice the last, of `null` an empty one. Anything else is an error. */
    json: define(["text"], (_, text) => parseObject(text)),

    // The machine

    /** An environment variable; the first default also stands in for one that is set and empty. */
    getenv: defineOpen(["text"], "text", ({ env }, name, ...defaults) => {
      const value = env[name] ?? "";
      return value === "" ? (defaults[0] ?? "") : value;
    }),
  }),
);

interface Kinds {
  readonly text: string;
  readonly texts: readonly string[];
}

type Arguments<Params extends readonly Kind[]> = { readonly [Index in keyof Params]: Kinds[Params[Index]] };

function define<const Params extends readonly Kind[]>(
  params: Params,
  call: (scope: Scope, ...args: Arguments<Params>) => FunctionValue,
): TemplateFunction {
  // The engine has checked the arguments against `params`, which is what the type says.
  return { params, rest: undefined, call: (scope, args) => call(scope, ...(args as unknown as Arguments<Params>)) };
}

function defineOpen<const Params extends readonly Kind[], Rest extends Kind>(
  params: Params,
  rest: Rest,
  call: (scope: Scope, ...args: [...Arguments<Params>, ...Kinds[Rest][]]) => FunctionValue,
): TemplateFunction {
  return {
    params,
    rest,
    // As above.
    call: (scope, args) => call(scope, ...(args as unknown as [...Arguments<Params>, ...Kinds[Rest][]])),
  };
}

/** What does not parse is not quoted: it may be a secret. */
function parseObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FunctionError("not JSON");
  }
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw new FunctionError("not a JSON object");
  return value as JsonObject; // an object that is no list is what the type says
}
