import type { Outcome } from "../events/event.js";
import { isGood } from "../events/outcome.js";
import type { CertificateReport } from "../model/certificate.js";
import type { ResourceFacts } from "./facts.js";
import { byLevel, type Level, type Mark, mark } from "./mark.js";
import { spanOf, timeOfDay } from "./time.js";

/** A file that is kept, with the HAProxy that reads it. */
export interface FileModel {
  readonly id: string;
  readonly name: string;
  readonly dest: string;
  readonly level: Level;
  readonly state: Mark;
  /** How the last attempt ended, when, and of which revision. */
  readonly words: string;
  /** What the check or the reload has said; empty where all is well. */
  readonly output: string;
  readonly haproxy:
    { readonly state: Mark; readonly words: string; readonly differences: readonly string[] } | undefined;
}

/** A certificate that HAProxy serves by. */
export interface CertificateModel {
  readonly id: string;
  readonly name: string;
  readonly file: string;
  readonly level: Level;
  readonly state: Mark;
  /** Its last moment. */
  readonly expires: string;
  readonly fault: string;
}

/** A certificate that ends within so many days is to be seen, and within the second number to be acted on. */
const DAYS = { note: 21, warn: 14, bad: 3 };
const DAY_MS = 86_400_000;

/** The files that are kept, those first that are not as they should be. */
export function filesModel(resources: readonly ResourceFacts[], at: number): readonly FileModel[] {
  return resources.map((resource) => fileOf(resource, at)).sort(byLevel);
}

function fileOf({ name, dest, outcome, agoMs, revision, haproxy }: ResourceFacts, at: number): FileModel {
  const state = outcome ? stateOf(outcome) : mark("warn", "waits for its first state");
  const when = agoMs === undefined ? "" : `, ${timeOfDay(at - agoMs)}`;
  const of = revision === undefined ? "" : `, revision ${revision}`;
  return {
    ...{ id: `file/${name}`, name, dest, state, level: state.level },
    words: outcome ? `${wordsOf(outcome)}${when}${of}` : "",
    output: outcome && !isGood(outcome) ? outputOf(outcome) : "",
    haproxy: haproxy && haproxyOf(haproxy),
  };
}

function stateOf(outcome: Outcome): Mark {
  if (isGood(outcome)) return mark("good", "in use");
  if (outcome.kind === "held") return mark("warn", "held back");
  return mark(outcome.kind === "waiting" ? "warn" : "bad", outcome.kind);
}

function wordsOf(outcome: Outcome): string {
  if (outcome.kind === "unchanged") return "up to date";
  if (outcome.kind !== "applied") return outcome.kind;
  if (outcome.reload !== undefined) return `by a reload: ${outcome.reload}`;
  return outcome.commands === undefined ? "new" : `at run time, ${outcome.commands} commands`;
}

function outputOf(outcome: Outcome): string {
  if ("output" in outcome) return outcome.output;
  if ("reason" in outcome) return outcome.reason;
  return "losses" in outcome ? outcome.losses.join("; ") : "";
}

function haproxyOf(report: NonNullable<ResourceFacts["haproxy"]>): NonNullable<FileModel["haproxy"]> {
  const { version, agrees, differences, silence, leaving, lastReload } = report;
  const words = [
    version === undefined ? "" : `HAProxy ${version}`,
    leaving.length === 0 ? "" : `${leaving.length} servers out and not yet deleted`,
    lastReload === undefined ? "" : `last reload: ${lastReload}`,
    silence ?? "",
  ].filter((part) => part !== "");
  return { state: agreementOf(agrees, silence), words: words.join("; "), differences };
}

function agreementOf(agrees: boolean | undefined, silence: string | undefined): Mark {
  if (silence !== undefined) return mark("bad", "cannot be asked");
  if (agrees === undefined) return mark("rest", "not asked yet");
  return agrees ? mark("good", "agrees with its file") : mark("bad", "differs from its file");
}

/** The certificates of all files, those first that end soonest or cannot be used. */
export function certificatesModel(resources: readonly ResourceFacts[], at: number): readonly CertificateModel[] {
  return resources
    .flatMap(({ name, haproxy }) =>
      (haproxy?.certificates ?? []).map((certificate) => certificateOf(name, certificate, at)),
    )
    .sort(byLevel);
}

function certificateOf(
  resource: string,
  { file, names, expires, fault = "" }: CertificateReport,
  at: number,
): CertificateModel {
  const leftMs = Date.parse(expires) - at;
  const days = leftMs / DAY_MS;
  const ended = leftMs < 0 ? mark("bad", "has ended") : undefined;
  const level: Level = days < DAYS.bad ? "bad" : days < DAYS.warn ? "warn" : days < DAYS.note ? "note" : "good";
  const left = ended ?? mark(level, `${spanOf(leftMs / 1_000)} left`);
  const state = fault !== "" && left.level === "good" ? mark("warn", "not as on disk") : left;
  return {
    id: `certificate/${resource}/${file}`,
    name: names.join(", ") || file,
    file,
    level: state.level,
    state,
    expires: expires.replace("T", " ").slice(0, 16),
    fault,
  };
}
