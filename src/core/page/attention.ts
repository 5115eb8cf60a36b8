import type { Reason } from "../model/reason.js";
import type { AgentFacts, PageFacts } from "./facts.js";
import type { CertificateModel, FileModel } from "./files.js";
import type { HistoryModel } from "./history.js";
import type { HostModel } from "./hosts.js";
import type { LeftOutContainer } from "./instances.js";
import { byLevel, type Level, type Mark, mark, worst } from "./mark.js";
import type { ServiceModel } from "./services.js";

/** Something that a person should know at once, and where on the page there is more of it. */
interface AttentionModel {
  readonly name: string;
  readonly level: Level;
  readonly shape: string;
  readonly words: string;
  /** The id of what it is about; empty where it stands for itself. */
  readonly about: string;
}

/** The first words of a page: how all is, and what wants to be seen. */
export interface HeadlineModel {
  readonly state: Mark;
  readonly items: readonly AttentionModel[];
  /** How many more there are. */
  readonly more: number;
}

/** So many items are shown; a person who has read them has enough to begin with. */
const MOST_ITEMS = 12;

/** Containers are left out for these reasons every day, or because somebody wants it so. */
const EVERYDAY: ReadonlySet<string> = new Set<Reason>([
  ...(["not-running", "starting", "not-listening", "draining", "paused"] as const),
  ...([
    "disabled",
    "not-enabled",
    "other-namespace",
    "own-container",
    "one-off",
    "pod-infra",
    "no-published-port",
  ] as const),
]);

/** What the headline comes of. */
export interface HeadlineFacts {
  readonly facts: Pick<PageFacts, "waitingFor" | "problems" | "links" | "agents">;
  readonly services: readonly ServiceModel[];
  readonly files: readonly FileModel[];
  readonly certificates: readonly CertificateModel[];
  readonly histories: readonly HistoryModel[] | undefined;
  readonly hosts: readonly HostModel[];
  readonly leftOut: readonly LeftOutContainer[];
  readonly unusable: readonly { readonly key: string; readonly reason: string }[];
}

/** How all is, by what wants to be seen first. */
export function headlineModel(parts: HeadlineFacts): HeadlineModel {
  const items = [
    ...parts.facts.waitingFor.map((what) => item("bad", "", `Waits for ${what}`, "")),
    ...parts.facts.links
      .filter(({ state }) => state.level === "bad")
      .map(({ name, state, words }) => item("bad", name, `${name} is ${state.word} ${words}`, "links")),
    ...parts.facts.problems.map(({ file, reason }) => item("bad", file, `Cannot use ${file}: ${reason}`, "files")),
    ...parts.files.flatMap(ofFile),
    ...(parts.histories ?? []).flatMap(ofHistory),
    ...parts.services.flatMap(ofService),
    ...parts.certificates.flatMap(ofCertificate),
    ...parts.facts.agents.flatMap(ofConflicts),
    ...parts.hosts
      .filter(({ level }) => level === "warn" || level === "bad")
      .map(({ id, name, level }) =>
        item(level, name, `Host ${name} has instances and no agent: they end with their lease`, id),
      ),
    ...parts.leftOut
      .filter(({ reason }) => !EVERYDAY.has(reason))
      .map(({ name, reason, advice }) =>
        item("warn", name, `${name} is not registered (${reason}): ${advice}`, "left-out"),
      ),
    ...parts.unusable.map(({ key, reason }) => item("warn", key, `Key ${key} is left out: ${reason}`, "left-out")),
  ].sort(byLevel);
  const level = worst(items.map((each) => each.level));
  return {
    state: stateOf(level, items.length),
    items: items.slice(0, MOST_ITEMS),
    more: Math.max(0, items.length - MOST_ITEMS),
  };
}

function stateOf(level: Level, count: number): Mark {
  if (count === 0) return mark("good", "All is well");
  const things = count === 1 ? "1 thing" : `${count} things`;
  return mark(level, level === "note" ? `${things} to know` : `${things} to look at`);
}

function item(level: Level, name: string, words: string, about: string): AttentionModel {
  return { name, level, shape: mark(level, "").shape, words, about };
}

function ofFile({ id, name, dest, state, level, output, haproxy }: FileModel): readonly AttentionModel[] {
  const own =
    level === "good"
      ? []
      : [item(level, name, `${dest} is ${state.word}${output === "" ? "" : `: ${firstLine(output)}`}`, id)];
  if (!haproxy || haproxy.state.level === "good" || haproxy.state.level === "rest") return own;
  const what = haproxy.differences[0] ?? haproxy.words;
  return [...own, item(haproxy.state.level, name, `HAProxy of ${name} ${haproxy.state.word}: ${what}`, id)];
}

function ofHistory({ id, name, pin, fault }: HistoryModel): readonly AttentionModel[] {
  return [
    ...(pin ? [item("warn", name, pin.words, id)] : []),
    ...(fault === "" ? [] : [item("warn", name, `The history of ${name} cannot be kept: ${fault}`, id)]),
  ];
}

function ofService({ id, name, level, state, rows }: ServiceModel): readonly AttentionModel[] {
  if (level === "good" || level === "rest") return [];
  const [first] = rows;
  const why = first && [first.difference, first.why].find((words) => words !== "");
  const found = first?.theirs?.level === "bad" && first.check !== "" ? ` (${first.check})` : "";
  const example = first && why !== undefined ? `; ${first.name}: ${why}${found}` : "";
  return [item(level, name, `${name}: ${state.word}${example}`, id)];
}

function ofCertificate({ id, name, level, state, fault, file }: CertificateModel): readonly AttentionModel[] {
  if (level === "good" || level === "note") return [];
  return [item(level, name, `Certificate ${file} (${name}): ${state.word}${fault === "" ? "" : `; ${fault}`}`, id)];
}

function ofConflicts({ conflicts }: AgentFacts): readonly AttentionModel[] {
  return conflicts
    .filter(({ agrees }) => !agrees)
    .map(({ key, held }) => item("warn", key, `Key ${key} belongs to somebody else and holds ${held}`, ""));
}

function firstLine(text: string): string {
  const [line = ""] = text.split("\n");
  return line.length > 200 ? `${line.slice(0, 200)}...` : line;
}
