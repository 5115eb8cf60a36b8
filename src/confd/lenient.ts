import type { Compat } from "../core/model/backend.js";
import { isTable, type Table } from "./table-reader.js";

/** What confd takes a resource for, and what a person may want to know about that. */
export interface LenientToml {
  readonly raw: Table;
  readonly advice: readonly string[];
}

/** The keys that mean something, by table. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  template: [
    ...["src", "dest", "keys", "prefix", "mode", "uid", "gid", "owner", "group", "check_cmd", "check_cmd_timeout"],
    ...["reload_cmd", "reload_cmd_timeout", "reload_burst", "min_reload_interval", "debounce", "output_format"],
    "served_as",
  ],
  haproxy: [
    ...["socket", "reload", "reload_burst", "min_reload_interval", "min_check_interval", "removal_grace"],
    ...["removal_reload_delay", "reload_slots", "reload_group", "reload_splay", "reload_slot_wait"],
  ],
  backend: [
    ...["backend", "nodes", "basic_auth", "username", "password", "client_cakeys", "client_cert", "client_key", "file"],
    "filter",
  ],
};

/** What is the same as not being there when it is empty. */
const MAY_BE_EMPTY: ReadonlySet<string> = new Set([
  "mode",
  "owner",
  "group",
  "check_cmd",
  "reload_cmd",
  "output_format",
  "min_reload_interval",
  "min_check_interval",
  "removal_grace",
  "removal_reload_delay",
  "reload_splay",
  "reload_slot_wait",
  "debounce",
  "check_cmd_timeout",
  "reload_cmd_timeout",
]);

/**
 * Brings a resource into its strict form as confd's reading of TOML would: names of keys match without case, unknown
 * ones do not count, an empty text is none, and `keys` may be missing.
 */
export function parseLenient(raw: Table, compat: Compat): LenientToml {
  const advice: string[] = [];
  const tables: Record<string, unknown> = {};
  for (const [given, table] of Object.entries(raw)) {
    const name = given.toLowerCase();
    const keys = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined; // a name may be __proto__
    if (!keys) {
      advice.push(`${given} means nothing and is ignored`);
      continue;
    }
    tables[name] = isTable(table) ? relaxTable(name, table, keys, advice) : table;
  }
  const { template } = tables;
  if (isTable(template)) tables["template"] = relaxTemplate(template, compat, advice);
  return { raw: tables, advice };
}

function relaxTable(name: string, table: Table, keys: readonly string[], advice: string[]): Table {
  const kept: Record<string, unknown> = {};
  for (const [given, value] of Object.entries(table)) {
    const key = given.toLowerCase();
    if (!keys.includes(key)) advice.push(`${name}.${given} means nothing and is ignored`);
    else if (value !== "" || !MAY_BE_EMPTY.has(key)) kept[key] = value;
  }
  return kept;
}

function relaxTemplate(template: Table, compat: Compat, advice: string[]): Table {
  const { owner, group, ...rest } = template;
  const { mode } = template;
  if (typeof mode === "string" && /^[1-7][0-7]{2}$/.test(mode)) {
    const bits = (Number(mode) & 0o777).toString(8).padStart(4, "0");
    advice.push(`template.mode: "${mode}" is a decimal number, which makes the file ${bits}; write "0${mode}"`);
  }
  if (compat === "fork") return { keys: [], ...template };
  for (const [key, value] of Object.entries({ owner, group })) {
    if (value !== undefined) advice.push(`template.${key} is ignored, as kelseyhightower's confd does (--compat fork)`);
  }
  return { keys: [], ...rest };
}
