import { type Configuration, defaultsOf, parseConfiguration, type Section } from "./config.js";

/** Something that a configuration lacks to change without loss, and the line that mends it. */
export interface Advice {
  /** Where: the title of a section. */
  readonly section: string;
  readonly line: string;
  readonly reason: string;
}

/**
 * What keeps reloads of this configuration from going without loss.
 *
 * Of a file that is a part of a configuration, nothing is said that may stand in another part: neither of `global` where
 * it has no such section, nor of what `defaults` may say where it has neither of the two.
 */
export function adviceFor(text: string): readonly Advice[] {
  const configuration = parseConfiguration(text);
  const { sections } = configuration;
  const advice: Advice[] = [];
  const globals = sections.filter(({ kind }) => kind === "global");
  if (globals.length > 0) advice.push(...forOldProcesses(globals));
  else if (!sections.some(({ kind }) => kind === "defaults")) return [];
  for (const section of configuration.sections) {
    if (section.kind === "frontend" || section.kind === "listen") advice.push(...forClients(section, configuration));
    if (section.kind === "backend" || section.kind === "listen") advice.push(...forServers(section, configuration));
  }
  return merged(advice);
}

function forOldProcesses(globals: readonly Section[]): readonly Advice[] {
  const advice: Advice[] = [];
  if (!globals.some((global) => has(global, "hard-stop-after"))) {
    const reason = "an old process lives as long as its last connection; this bounds it";
    advice.push({ section: "global", line: "hard-stop-after 5m", reason });
  }
  if (!globals.some((global) => has(global, "mworker-max-reloads"))) {
    const reason = "every reload may leave an old process behind; this bounds how many there are";
    advice.push({ section: "global", line: "mworker-max-reloads 5", reason });
  }
  return advice;
}

function forClients(section: Section, configuration: Configuration): readonly Advice[] {
  if (modeOf(section, configuration) !== "http") return [];
  const title = titleOf(section);
  const advice: Advice[] = [];
  if (!reaches(section, configuration, "option", "idle-close-on-response")) {
    const reason = "without it a reload cuts off clients that are about to send on an idle connection";
    advice.push({ section: title, line: "option idle-close-on-response", reason });
  }
  if (!reaches(section, configuration, "timeout", "http-keep-alive")) {
    const reason = "an old process waits for idle clients; this bounds how long";
    advice.push({ section: title, line: "timeout http-keep-alive 10s", reason });
  }
  return advice;
}

function forServers(section: Section, configuration: Configuration): readonly Advice[] {
  if (!has(section, "server")) return [];
  const title = titleOf(section);
  const advice: Advice[] = [];
  if (!reaches(section, configuration, "option", "redispatch")) {
    const reason = "a request whose server has just gone is tried at that server alone";
    advice.push({ section: title, line: "option redispatch", reason });
  }
  if (modeOf(section, configuration) !== "http") return advice;
  if (!reaches(section, configuration, "retry-on")) {
    const reason = "a request that meets a server in the moment of its end is not tried elsewhere";
    advice.push({ section: title, line: "retry-on conn-failure empty-response", reason });
  }
  const words = [...defaultsOf(section, configuration), section].flatMap(({ lines }) =>
    lines.flatMap((line) => line.words),
  );
  if (!words.includes("pool-purge-delay") && !words.includes("pool-max-conn")) {
    const reason = "a server that has gone is deleted only once its idle connections have ended";
    advice.push({ section: title, line: "default-server pool-purge-delay 1s", reason });
  }
  return advice;
}

/** The one that is said last, as HAProxy has it. */
function modeOf(section: Section, configuration: Configuration): string {
  const lines = [...defaultsOf(section, configuration), section].flatMap((each) => each.lines);
  return lines.findLast(({ words }) => words[0] === "mode")?.words[1] ?? "tcp";
}

/** Whether this is said in the section or in the defaults that reach it. */
function reaches(section: Section, configuration: Configuration, ...words: readonly string[]): boolean {
  return [...defaultsOf(section, configuration), section].some((each) => has(each, ...words));
}

function has(section: Section, ...words: readonly string[]): boolean {
  return section.lines.some((line) => words.every((word, at) => line.words[at] === word));
}

function titleOf({ kind, name }: Section): string {
  return name === "" ? kind : `${kind} ${name}`;
}

/** What many sections lack is said once, of the first of them. */
function merged(advice: readonly Advice[]): readonly Advice[] {
  const byLine = new Map<string, Advice>();
  for (const each of advice) {
    const key = `${each.line}\n${each.reason}`;
    if (!byLine.has(key)) byLine.set(key, each);
  }
  return [...byLine.values()];
}
