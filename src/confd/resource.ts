import { parse as parseToml, TomlError } from "smol-toml";
import { z } from "zod";
import { joinPath } from "../core/path.js";
import { reasonOf } from "../errors.js";
import type { HaproxySettings, ReloadDriver, Resource } from "../ports.js";
import { durationMs, fileMode } from "./values.js";

/** What a file of conf.d says; the template is still to be read, and names of users are still to be looked up. */
export interface ResourceFile extends Omit<Resource, "source" | "uid" | "gid"> {
  /** The template's path below the folder of templates, as it is written. */
  readonly src: string;
  /** A number, or a name that this machine must know. */
  readonly owner: number | string | undefined;
  readonly group: number | string | undefined;
}

/** Reads a file of conf.d as confd writes it; else everything that is wrong with it, each in one line. */
export function parseResource(
  name: string,
  text: string,
): ResourceFile | { readonly problems: readonly [string, ...string[]] } {
  let raw: unknown;
  try {
    raw = parseToml(text);
  } catch (error) {
    return { problems: [tomlProblem(error)] };
  }
  const parsed = schema.safeParse(raw, { reportInput: true }); // tells a missing value from a wrong one
  if (!parsed.success) {
    const [first, ...others] = parsed.error.issues.flatMap(problemsOf);
    return { problems: [first ?? "it does not fit", ...others] };
  }
  const { template, haproxy } = parsed.data;
  const prefix = joinPath("/", template.prefix);
  return {
    name,
    src: template.src,
    dest: template.dest,
    prefixes: template.keys.map((key) => joinPath(prefix, key)),
    prefix,
    mode: template.mode,
    owner: idOf(template.uid) ?? template.owner,
    group: idOf(template.gid) ?? template.group,
    checkCmd: template.check_cmd,
    reloadCmd: template.reload_cmd,
    haproxy: haproxy && haproxySettings(haproxy),
  };
}

const text = z.string({ error: "must be text in quotes" }).min(1, "must not be empty");
const id = z.int({ error: "must be a whole number" }).min(-1, "must be a number of 0 or more");

const RELOADS = "master:SOCKET, signal:PIDFILE, systemd:UNIT or command:COMMAND";

const reload = text.transform((value, context): ReloadDriver => {
  const driver = driverOf(value);
  if (driver) return driver;
  context.addIssue({ code: "custom", message: `must be ${RELOADS}, not ${JSON.stringify(value)}` });
  return z.NEVER;
});

const schema = z
  .strictObject({
    template: z.strictObject(
      {
        src: text,
        dest: text.startsWith("/", "must be an absolute path"),
        keys: z.array(text, { error: "must be a list of keys" }).min(1, "must name at least one key"),
        prefix: z.string({ error: "must be text in quotes" }).default(""),
        mode: fileMode.optional(),
        uid: id.optional(),
        gid: id.optional(),
        owner: text.optional(),
        group: text.optional(),
        check_cmd: text.optional(),
        reload_cmd: text.optional(),
      },
      { error: (issue) => (issue.code === "invalid_type" ? "there is no table [template]" : undefined) },
    ),
    haproxy: z
      .strictObject({
        socket: text.startsWith("/", "must be an absolute path").optional(),
        reload,
        min_reload_interval: durationMs.default(1_000),
      })
      .optional(),
  })
  .refine(({ template, haproxy }) => template.reload_cmd === undefined || haproxy === undefined, {
    path: ["template", "reload_cmd"],
    error: "cannot be given beside [haproxy], which says how to reload",
  });

function driverOf(value: string): ReloadDriver | undefined {
  const colon = value.indexOf(":");
  const what = value.slice(colon + 1).trim();
  if (colon < 0 || what === "") return undefined;
  switch (value.slice(0, colon)) {
    case "master":
      return { kind: "master", socket: what };
    case "signal":
      return { kind: "signal", pidFile: what };
    case "systemd":
      return { kind: "systemd", unit: what };
    case "command":
      return { kind: "command", command: what };
    default:
      return undefined;
  }
}

function haproxySettings(table: NonNullable<z.output<typeof schema>["haproxy"]>): HaproxySettings {
  return { socket: table.socket, reload: table.reload, minReloadIntervalMs: table.min_reload_interval };
}

/** confd's -1 stands for nobody in particular. */
function idOf(value: number | undefined): number | undefined {
  return value === -1 ? undefined : value;
}

function problemsOf(issue: z.core.$ZodIssue): readonly string[] {
  const place = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => `${place === "" ? key : `${place}.${key}`}: there is no such key`);
  }
  const isMissing = issue.code === "invalid_type" && issue.input === undefined;
  return [`${place}: ${isMissing && issue.path.length > 1 ? "is missing" : issue.message}`];
}

function tomlProblem(error: unknown): string {
  if (!(error instanceof TomlError)) return reasonOf(error);
  const [words = ""] = error.message.split("\n");
  return `line ${error.line}: ${words.replace(/^Invalid TOML document: /, "")}`;
}
