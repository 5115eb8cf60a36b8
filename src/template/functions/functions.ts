import { createHash } from "node:crypto";
import { basePath, dirPath } from "../../core/text/path.js";
import { bytesOf, textOf } from "../go-values/bytes.js";
import { goQuote } from "../go-values/quote.js";
import { ANYS, List, OBJECT, STRINGS } from "../go-values/values.js";
import { timeOf } from "../time/time-type.js";
import { add, divide, multiply, remainder, sequence, subtract } from "./arithmetic.js";
import * as collection from "./collection.js";
import { decodeBase64, encodeBase64, parseBool, parseInteger } from "./decoding.js";
import {
  ANY_ARG,
  FIELDS_ARG,
  BOOLEAN_ARG,
  ITEMS_ARG,
  many,
  NUMBER_ARG,
  PAIRS_ARG,
  pure,
  remembered,
  scoped,
  steady,
  type TemplateFunction,
  STRING_ARG,
  STRINGS_ARG,
  worldOf,
} from "./function.js";
import { formatJson, formatPrettyJson, parseJson, parseJsonAs } from "./json.js";
import * as lookup from "./lookup.js";
import * as store from "./store.js";
import * as text from "./text.js";

/**
 * The functions that every template language has, by name: confd's, and those of its living fork. With each stands
 * what it is made of there, and what differs from a plain reading of its documentation.
 */
export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map(
  Object.entries({
    // The store (memkv). A key is found by its exact text; patterns are Go's path.Match.

    /** Whether the key is there; a directory is not a key, and `/a/` is not `/a`. */
    exists: scoped([STRING_ARG], ({ keys }, key) => keys.exists(textOf(key))),
    /** The pair of a key; a missing key is an error. */
    get: scoped([STRING_ARG], ({ keys }, key) => store.pair(keys.get(textOf(key)))),
    /** The value of a key; when it is missing the first default, else an error. An empty value is a value. */
    getv: scoped([STRING_ARG, many(STRING_ARG)], ({ keys }, key, ...defaults) =>
      bytesOf(keys.getValue(textOf(key), defaults.map(textOf))),
    ),
    /** The pairs of all keys that match, by key. No match is an empty list, so that the last server can leave. */
    gets: scoped([STRING_ARG], store.pairsMatching),
    /** The values of all keys that match, in the order of the values. */
    getvs: scoped([STRING_ARG], store.valuesMatching),
    /** The names one level below a path, and its own last part when it is a key: a test for existence in old templates. */
    ls: scoped([STRING_ARG], ({ keys }, path) => store.names(keys.list(textOf(path)))),
    /** The names one level below a path that have something below them. */
    lsdir: scoped([STRING_ARG], ({ keys }, path) => store.names(keys.listDirectories(textOf(path)))),

    // Text

    /** path.Base */
    base: pure([STRING_ARG], basePath),
    /** path.Dir */
    dir: pure([STRING_ARG], dirPath),
    /** strings.Split: by an empty separator into characters. */
    split: pure([STRING_ARG, STRING_ARG], (whole, separator) => new List(STRINGS, text.split(whole, separator))),
    /** strings.Join: of a list of strings only, so not of what `jsonArray` gives. */
    join: pure([STRINGS_ARG, STRING_ARG], collection.join),
    /** strings.Replace: the first so many, all below zero. */
    replace: pure([STRING_ARG, STRING_ARG, STRING_ARG, NUMBER_ARG], text.replace),
    /** strings.TrimPrefix (fork) */
    trimPrefix: pure([STRING_ARG, STRING_ARG], text.trimPrefix),
    /** strings.TrimSuffix */
    trimSuffix: pure([STRING_ARG, STRING_ARG], text.trimSuffix),
    /** strings.Contains */
    contains: pure([STRING_ARG, STRING_ARG], (whole, part) => whole.includes(part)),
    /** strings.ToUpper: character by character, so `ß` stays. */
    toUpper: pure([STRING_ARG], text.toUpper),
    /** strings.ToLower, likewise. */
    toLower: pure([STRING_ARG], text.toLower),
    /** strings.Repeat with the count in front (fork). */
    repeat: pure([NUMBER_ARG, STRING_ARG], text.repeat),
    /** Without any white space (fork). */
    nospace: pure([STRING_ARG], text.withoutSpace),
    /** `some_words` of `SomeWords` (fork); of `HTTPServer` it is `http_server`. */
    snakecase: pure([STRING_ARG], (words) => text.joinWords(words, "_")),
    /** `some-words` of `SomeWords` (fork). */
    kebabcase: pure([STRING_ARG], (words) => text.joinWords(words, "-")),
    /** `someWords` of `some_words` (fork). */
    camelcase: pure([STRING_ARG], text.camelCase),
    /** Each line with so many blanks before it, empty lines too; nothing of nothing (fork). */
    indent: pure([NUMBER_ARG, STRING_ARG], text.indent),
    /** `indent` on a line of its own (fork). */
    nindent: pure([NUMBER_ARG, STRING_ARG], (spaces, lines) => `\n${text.indent(spaces, lines)}`),
    /** `%q` (fork) */
    quote: pure([STRING_ARG], (plain) => goQuote(plain)),
    /** In single quotes, those inside doubled as YAML wants them (fork). */
    squote: pure([STRING_ARG], text.quoteSingly),
    /** regexp.MatchString: somewhere, not as a whole (fork). */
    regexMatch: steady([STRING_ARG, STRING_ARG], ({ memory, pattern }, source, whole) =>
      memory.recall(pattern(source).matches, whole),
    ),
    /** regexp's FindString: nothing when there is no match (fork). */
    regexFind: steady([STRING_ARG, STRING_ARG], ({ memory, pattern }, source, whole) =>
      memory.recall(pattern(source).find, whole),
    ),
    /** regexp's ReplaceAllString: `$1x` is the group named `1x`, so write `${1}x` (fork). */
    regexReplaceAll: steady([STRING_ARG, STRING_ARG, STRING_ARG], ({ memory, pattern }, source, whole, by) =>
      memory.recall(memory.recall(pattern(source).replacer, by), whole),
    ),
    /** The SHA-256 in hex (fork). */
    sha256sum: pure([STRING_ARG], (whole) => createHash("sha256").update(whole, "latin1").digest("hex")),
    /** base64.StdEncoding */
    base64Encode: pure([STRING_ARG], encodeBase64),
    /** base64.StdEncoding: with its padding; line ends inside count for nothing. */
    base64Decode: pure([STRING_ARG], decodeBase64),

    // Numbers

    /** strconv.ParseBool: `yes` and `on` are errors. */
    parseBool: pure([STRING_ARG], parseBool),
    /** strconv.Atoi: decimal only; blanks and nothing are errors. */
    atoi: pure([STRING_ARG], parseInteger),
    /** All five are Go's on its int: 64 bits, and around at the ends. */
    add: pure([NUMBER_ARG, NUMBER_ARG], add),
    sub: pure([NUMBER_ARG, NUMBER_ARG], subtract),
    mul: pure([NUMBER_ARG, NUMBER_ARG], multiply),
    /** Cuts the fraction off; by zero is an error. */
    div: scoped([NUMBER_ARG, NUMBER_ARG], divide),
    /** Has the sign of the first number. */
    mod: scoped([NUMBER_ARG, NUMBER_ARG], remainder),
    /** The numbers from one to another, both included; when the second is the smaller one the fork counts down. */
    seq: scoped([NUMBER_ARG, NUMBER_ARG], sequence),

    // Data

    /** A JSON object (encoding/json); its numbers are floats: `8080` prints so, `1000000` as `1e+06`. `null` is empty. */
    json: remembered((source) => parseJsonAs(OBJECT, source)),
    /** A JSON list, likewise. */
    jsonArray: remembered((source) => parseJsonAs(ANYS, source)),
    /** JSON of any kind (fork). */
    fromJson: remembered(parseJson),
    /** json.Marshal: `<`, `>` and `&` as escapes, keys in order (fork). */
    toJson: pure([ANY_ARG], formatJson),
    /** json.MarshalIndent by two blanks (fork). */
    toPrettyJson: pure([ANY_ARG], formatPrettyJson),
    /** A map of keys and values by turns. */
    map: pure([many(ANY_ARG)], (...values) => collection.mapOf(values)),
    /** `map` (fork) */
    dict: pure([many(ANY_ARG)], (...values) => collection.mapOf(values)),
    /** A list of anything (fork). */
    list: pure([many(ANY_ARG)], (...items) => new List(ANYS, items)),
    /** A list with one more at its end; the first one stays as it is (fork). */
    append: pure([ITEMS_ARG, ANY_ARG], ({ items }, item) => new List(ANYS, [...items, item])),
    /** Whether a map has the key, be its value nil (fork). */
    hasKey: pure([FIELDS_ARG, STRING_ARG], ({ entries }, key) => entries.has(key)),
    /** The keys of a map, sorted (fork). */
    keys: pure([FIELDS_ARG], (map) => new List(STRINGS, [...map.keys()])),
    /** The values of a map in the order of its keys (fork). */
    values: pure([FIELDS_ARG], collection.valuesOf),
    /** What maps hold under a key; those without it are passed over (fork). */
    pluck: pure([STRING_ARG, many(FIELDS_ARG)], (key, ...maps) => collection.pluck(key, maps)),
    /** The other way round, for lists of strings and of pairs; see the function for what is not turned. */
    reverse: scoped([ANY_ARG], ({ compat }, list) => collection.reverse(list, compat)),
    /** The shortest first, by bytes (sort.Sort); sorts the list itself. */
    sortByLength: pure([STRINGS_ARG], (list) => collection.sortByLength(list, collection.textItem)),
    /** By the length of the keys, likewise. */
    sortKVByLength: pure([PAIRS_ARG], (list) => collection.sortByLength(list, collection.keyOfPair)),
    /** The second value unless it is empty, else the first (fork). */
    default: pure([ANY_ARG, ANY_ARG], (otherwise, value) => (collection.isEmpty(value) ? otherwise : value)),
    /** The first value when the third is true, else the second (fork). */
    ternary: pure([ANY_ARG, ANY_ARG, BOOLEAN_ARG], (yes, no, condition) => (condition ? yes : no)),
    /** The first value that is not empty; nil when all are (fork). */
    coalesce: pure([many(ANY_ARG)], (...values) => values.find((value) => !collection.isEmpty(value)) ?? null),
    /** Whether it is false, zero, nil, or has nothing in it; a pair never is (fork). */
    empty: pure([ANY_ARG], collection.isEmpty),

    // The machine

    /** os.Getenv; the first default also stands in for a variable that is set and empty. */
    getenv: steady([STRING_ARG, many(STRING_ARG)], ({ env }, name, ...defaults) => {
      const value = env[textOf(name)] ?? "";
      return value === "" ? (defaults[0] ?? "") : bytesOf(value);
    }),
    /** time.Now: a value with the methods of Go's time. Printed as it is it makes every rendering another one. */
    datetime: scoped([], (scope) => {
      const world = worldOf(scope);
      return timeOf(world.now(), world.here);
    }),
    /** os.Hostname (fork) */
    hostname: scoped([], (scope) => bytesOf(worldOf(scope).hostname())),
    /** os.Stat: the classic takes a file that cannot be looked at for one that is there, the fork for one that is not. */
    fileExists: scoped([STRING_ARG], lookup.fileExists),
    /** net.LookupIP, sorted as text; a failure is an empty list. */
    lookupIP: scoped([STRING_ARG], (scope, name) => lookup.addresses(scope, name, "any")),
    /** The IPv4 addresses of `lookupIP`. */
    lookupIPV4: scoped([STRING_ARG], (scope, name) => lookup.addresses(scope, name, "IPv4")),
    /** The IPv6 addresses of `lookupIP`. */
    lookupIPV6: scoped([STRING_ARG], (scope, name) => lookup.addresses(scope, name, "IPv6")),
    /** net.LookupSRV: records with Target, Port, Priority and Weight, sorted by these as text; a failure is an empty list. */
    lookupSRV: scoped([STRING_ARG, STRING_ARG, STRING_ARG], lookup.services),
    /** The first IPv4 address of a network interface; nothing when there is none (fork). */
    lookupIfaceIPV4: scoped([STRING_ARG], (scope, name) => lookup.interfaceAddress(scope, name, "IPv4")),
    /** The first IPv6 address of a network interface; nothing when there is none (fork, which takes an IPv4 one for it). */
    lookupIfaceIPV6: scoped([STRING_ARG], (scope, name) => lookup.interfaceAddress(scope, name, "IPv6")),
    /** Another template of the same folder, rendered with the value (fork); see the scope for its limits. */
    include: scoped([STRING_ARG, many(ANY_ARG)], (scope, name, ...data) => scope.include(name, data[0])),
  }),
);
