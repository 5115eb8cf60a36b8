import { parseArgs } from "node:util";
import type { AnyCommand, CommandInput, OperandCommand, ProcessWorld } from "./commands/command.js";
import { type FlagDescription, flagOf, resolveSettings, suggestion } from "./config.js";
import { withPriority } from "./core/text/priority.js";
import { readText, readTextIfThere } from "./edges/files/read-text.js";
import { engineOfThisMachine } from "./edges/host/usual-engine.js";
import { passedCredentials } from "./edges/systemd/credentials.js";
import { goesToJournal } from "./edges/systemd/journald.js";
import { HecdError, reasonOf } from "./errors.js";
import type { SettingName, Settings } from "./settings.js";

/** Settings that every command takes. */
const EVERYWHERE: readonly SettingName[] = ["config", "log-level", "log-format"];

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads what stands behind a word, and puts it together with the environment and the settings file.
 *
 * Throws `usage` or `config-invalid`.
 */
export async function readCommandLine(
  name: string,
  command: AnyCommand,
  args: readonly string[],
  env: Environment,
): Promise<{ readonly settings: Settings; readonly given: CommandInput }> {
  const { flags, given } = parse(name, command, args);
  return { settings: await settingsOf(flags, env), given };
}

/** That there is no such word, with the one that may be meant. */
export function unknownCommand(name: string, names: readonly string[]): HecdError {
  return usage(`Unknown command "${name}"${suggestion(name, names)}; there are ${names.join(", ")}`);
}

/** The line that tells a person of a failure, with its priority where the journal keeps it. */
export function failureLine({ message }: HecdError, world: ProcessWorld): string {
  const words = `hecd: ${message}\n`;
  return goesToJournal(world) ? withPriority(words, "error") : words;
}

/** Whether help is asked for; what is passed on to others may ask them. */
export function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  return own.includes("--help") || own.includes("-h");
}

async function settingsOf(flags: Flags, env: Environment): Promise<Settings> {
  const named = flags["config"] ?? env["HECD_CONFIG"];
  const path = typeof named === "string" ? named : resolveSettings({ flags: {}, env: {} }).config;
  const text = await (named === undefined ? readTextIfThere(path) : readText(path));
  const machine = { docker: [engineOfThisMachine(env)], ...(await passedCredentials(env)) };
  return resolveSettings({ flags, env, machine, ...(text === undefined ? {} : { file: { path, text } }) });
}

/** The flags of a command line, by name. */
type Flags = Readonly<Record<string, string | boolean | string[]>>;

function parse(
  name: string,
  command: AnyCommand,
  args: readonly string[],
): { readonly flags: Flags; readonly given: CommandInput } {
  const flags = flagsOf(command);
  const options = Object.fromEntries(
    flags.map(({ name: flag, takes, repeatable }) => [
      flag,
      { type: takes === undefined ? ("boolean" as const) : ("string" as const), multiple: repeatable },
    ]),
  );
  const passesOn = "operand" in command && command.operand.rest !== undefined;
  const end = passesOn ? args.indexOf("--") : -1;
  try {
    const { values, tokens, positionals } = parseArgs({
      args: end < 0 ? [...args] : args.slice(0, end),
      options,
      strict: false,
      allowPositionals: true,
      tokens: true,
    });
    for (const token of tokens) if (token.kind === "option") checkOption(token, name, flags);
    const rest = end < 0 ? [] : args.slice(end + 1);
    // Every option was checked to have its kind of value.
    return { flags: values as Flags, given: { ...operandsOf(positionals, name, command), rest } };
  } catch (error) {
    if (error instanceof HecdError) throw error;
    throw usage(reasonOf(error));
  }
}

/** What a word works on; empty where nothing is named. */
function operandsOf(
  [first, second, third]: readonly string[],
  name: string,
  command: AnyCommand,
): Pick<CommandInput, "operand" | "second"> {
  if (!("operand" in command)) {
    if (first !== undefined) throw usage(`"${first}" is too much: hecd ${name} takes only flags`);
    return { operand: "", second: "" };
  }
  const { name: operand, rest, isOptional = false, second: other } = command.operand;
  const hint = rest === undefined ? "" : `; see hecd ${name} --help for what goes behind --`;
  // What a script has left empty by mistake is not meant to be left out.
  if (first === undefined ? !isOptional : first === "") throw usage(`hecd ${name} needs ${operand}`);
  const tooMuch = other === undefined ? second : third;
  if (tooMuch !== undefined) {
    const taken = other === undefined ? `one ${operand}` : `one ${operand} and one ${other}`;
    throw usage(`"${tooMuch}" is too much: hecd ${name} takes ${taken}${hint}`);
  }
  if (other !== undefined && second === "") throw usage(`hecd ${name} needs a ${other} that is not empty`);
  return { operand: first ?? "", second: second ?? "" };
}

function checkOption(
  token: { readonly name: string; readonly rawName: string; readonly value: string | undefined },
  command: string,
  flags: readonly FlagDescription[],
): void {
  const known = flags.find(({ name }) => name === token.name);
  if (!known) {
    const names = flags.map(({ name }) => name);
    throw usage(`Unknown flag ${token.rawName}${suggestion(token.name, names)}; see hecd ${command} --help`);
  }
  if (known.takes !== undefined && token.value === undefined)
    throw usage(`${token.rawName} needs a value: ${known.takes}`);
  if (known.takes === undefined && token.value !== undefined) throw usage(`${token.rawName} takes no value`);
}

/** The flags of a command, in the order in which they are explained. */
export function flagsOf(command: AnyCommand): readonly FlagDescription[] {
  return [...command.settings, ...EVERYWHERE].map(flagOf).filter((flag) => flag !== undefined);
}

function usage(problem: string): HecdError {
  return new HecdError({ code: "usage", problem });
}

/** How a command is called: `hecd diff A [B] [flags]`. */
export function usageLineOf(name: string, command: AnyCommand): string {
  const rest = "operand" in command && command.operand.rest !== undefined ? ` ${command.operand.rest}` : "";
  return `hecd ${name}${"operand" in command ? operandWords(command.operand) : ""} [flags]${rest}`;
}

function operandWords({ name, isOptional = false, second }: OperandCommand["operand"]): string {
  return ` ${isOptional ? `[${name}]` : name}${second === undefined ? "" : ` [${second}]`}`;
}

/** What `hecd COMMAND --help` prints. */
export function helpOf(name: string, command: AnyCommand): string {
  const lines = flagsOf(command).map((flag) => {
    const left = `  --${flag.name}${flag.takes === undefined ? "" : ` ${flag.takes}`}`;
    const notes = [
      ...(flag.fallback === undefined ? [] : [`default ${flag.fallback}`]),
      ...(flag.env.length > 1 ? [`also from ${flag.env.slice(1).join(", ")}`] : []),
    ];
    return `${left.padEnd(28)} ${flag.help}${notes.length === 0 ? "" : ` (${notes.join("; ")})`}`;
  });
  return [`Usage: ${usageLineOf(name, command)}`, "", command.explanation, "", ...lines, ""].join("\n");
}
