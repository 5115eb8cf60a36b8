import { parse as parseToml } from "smol-toml";
import { parserWords } from "../core/text/without-secrets.js";
import type { HaproxySettings, OutputFormat, SharedReloads } from "../ports.js";
import type { BackendWords } from "./backend.js";
import { type Table, TableReader } from "./table-reader.js";
import * as value from "./values.js";

/** The tables of a file of conf.d, each value checked. */
export interface ResourceTables {
  readonly template: TemplateTable;
  readonly haproxy: HaproxyTable | undefined;
  readonly backend: BackendWords | undefined;
}

/** The table `[haproxy]`; times are in milliseconds. */
interface HaproxyTable extends Omit<HaproxySettings, "targets"> {
  readonly targets: readonly string[] | undefined;
  readonly reloadBurst: number | undefined;
  readonly minReloadInterval: number | undefined;
  readonly removalGrace: number | undefined;
  readonly removalReloadDelay: number | undefined;
  readonly minCheckInterval: number | undefined;
}

/** The table `[template]`; times are in milliseconds. */
interface TemplateTable {
  readonly src: string;
  readonly dest: string;
  readonly keys: readonly string[];
  readonly prefix: string;
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly owner: string | undefined;
  readonly group: string | undefined;
  readonly checkCmd: string | undefined;
  readonly checkWithin: number | undefined;
  readonly reloadCmd: string | undefined;
  readonly reloadWithin: number | undefined;
  readonly reloadBurst: number | undefined;
  readonly minReloadInterval: number | undefined;
  readonly debounce: number | undefined;
  readonly outputFormat: OutputFormat | undefined;
  readonly servedAs: readonly string[] | undefined;
}

/** Everything that is wrong with a file, each in one line. */
export interface Problems {
  readonly problems: readonly [string, ...string[]];
}

/** What HECD holds a file to, or what confd does. */
export type Strictness = "strict" | "confd";

/** Reads the text of a file as TOML. */
export function parseTables(text: string): { readonly raw: Table } | Problems {
  try {
    return { raw: parseToml(text) };
  } catch (error) {
    return { problems: [parserWords(error)] };
  }
}

/** Reads the tables of a file; a key that means nothing is a problem too. */
export function readTables(raw: Table, strictness: Strictness): ResourceTables | Problems {
  const problems: string[] = [];
  const root = new TableReader("", raw, problems);
  const template = root.optional("template", value.table);
  const haproxy = root.optional("haproxy", value.table);
  const backend = root.optional("backend", value.table);
  if (!Object.hasOwn(raw, "template")) problems.push("template: there is no table [template]");
  const tables: ResourceTables = {
    template: readTemplate(new TableReader("template", template ?? {}, template ? problems : []), strictness),
    haproxy: haproxy && readHaproxy(new TableReader("haproxy", haproxy, problems), problems),
    backend: backend && readBackend(new TableReader("backend", backend, problems)),
  };
  root.refuseOthers();
  if (tables.haproxy && tables.template.reloadCmd !== undefined) {
    problems.push("template.reload_cmd: cannot be given beside [haproxy], which says how to reload");
  }
  const [first, ...others] = problems;
  return first === undefined ? tables : { problems: [first, ...others] };
}

function readTemplate(table: TableReader, strictness: Strictness): TemplateTable {
  const isStrict = strictness === "strict";
  const read: TemplateTable = {
    src: table.required("src", value.someText, ""),
    dest: table.required("dest", isStrict ? value.absolutePath : value.someText, ""),
    keys: table.required("keys", value.keys(isStrict ? 1 : 0), []),
    prefix: table.optional("prefix", value.anyText) ?? "",
    mode: table.optional("mode", isStrict ? value.strictMode : value.confdMode),
    uid: table.optional("uid", value.id),
    gid: table.optional("gid", value.id),
    owner: table.optional("owner", value.someText),
    group: table.optional("group", value.someText),
    checkCmd: table.optional("check_cmd", value.someText),
    checkWithin: table.optional("check_cmd_timeout", value.timeLimit),
    reloadCmd: table.optional("reload_cmd", value.someText),
    reloadWithin: table.optional("reload_cmd_timeout", value.timeLimit),
    reloadBurst: table.optional("reload_burst", value.reloadBurst),
    minReloadInterval: table.optional("min_reload_interval", value.duration),
    debounce: table.optional("debounce", value.duration),
    outputFormat: table.optional("output_format", value.outputFormat),
    servedAs: table.optional("served_as", value.servedNames),
  };
  table.refuseOthers();
  return read;
}

function readHaproxy(table: TableReader, problems: string[]): HaproxyTable {
  const shared = {
    slots: table.optional("reload_slots", value.reloadSlots),
    group: table.optional("reload_group", value.groupName),
    splayMs: table.optional("reload_splay", value.duration),
    waitMs: table.optional("reload_slot_wait", value.duration),
  };
  const reload = table.required("reload", value.reloadDriver, { kind: "command", command: "" });
  const signal = table.optional("signal", value.masterSignal);
  const read = {
    socket: table.optional("socket", value.runtimeSocket),
    shared: Object.values(shared).some((each) => each !== undefined) ? present(shared) : undefined,
    reload: reload.kind === "docker" ? { ...reload, signal } : reload,
    targets: table.optional("targets", value.someTexts),
    reloadBurst: table.optional("reload_burst", value.reloadBurst),
    minReloadInterval: table.optional("min_reload_interval", value.duration),
    removalGrace: table.optional("removal_grace", value.duration),
    removalReloadDelay: table.optional("removal_reload_delay", value.duration),
    minCheckInterval: table.optional("min_check_interval", value.duration),
  };
  table.refuseOthers();
  if (reload.kind !== "docker") {
    const what = 'is for an HAProxy in a container, with reload = "docker:CONTAINER"';
    if (signal !== undefined) problems.push(`haproxy.signal: ${what}`);
    if (read.targets !== undefined) problems.push(`haproxy.targets: ${what}`);
    if (value.LOOPBACK_PORT.test(read.socket ?? "")) problems.push(`haproxy.socket: a port ${what}`);
  }
  return read;
}

/** The same without what was not said, so that equal tables are equal. */
function present(shared: { readonly [Key in keyof SharedReloads]: SharedReloads[Key] | undefined }) {
  const { slots, group, splayMs, waitMs } = shared;
  return {
    ...(slots !== undefined && { slots }),
    ...(group !== undefined && { group }),
    ...(splayMs !== undefined && { splayMs }),
    ...(waitMs !== undefined && { waitMs }),
  };
}

function readBackend(table: TableReader): BackendWords {
  const read: BackendWords = {
    backend: table.required("backend", value.someText, ""),
    nodes: table.optional("nodes", value.anyTexts) ?? [],
    basicAuth: table.optional("basic_auth", value.toggle) ?? false,
    username: table.optional("username", value.anyText) ?? "",
    password: table.optional("password", value.anyText) ?? "",
    clientCaKeys: table.optional("client_cakeys", value.anyText) ?? "",
    clientCert: table.optional("client_cert", value.anyText) ?? "",
    clientKey: table.optional("client_key", value.anyText) ?? "",
    separator: table.optional("separator", value.anyText) ?? "",
    scheme: table.optional("scheme", value.anyText) ?? "http",
    authToken: table.optional("auth_token", value.anyText) ?? "",
    files: table.optional("file", value.anyTexts) ?? [],
    filter: table.optional("filter", value.anyText) ?? "*",
  };
  // What belongs to backends that HECD does not have is of no consequence, but it is no mistake either.
  for (const key of OF_OTHER_BACKENDS) table.optional(key, (found) => found);
  table.refuseOthers();
  return read;
}

const OF_OTHER_BACKENDS: readonly string[] = [
  "client_insecure",
  "auth_type",
  "app_id",
  "user_id",
  "role_id",
  "secret_id",
  "table",
  "path",
];
