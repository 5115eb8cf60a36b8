import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Clock } from "../../flow/clock.js";
import { adviceOnAuthority, complaintsOf, quoteLines, reasonsOf } from "../../haproxy/config/alerts.js";
import { listens } from "../../haproxy/config/binds.js";
import { type Build, parseBuild } from "../../haproxy/config/build.js";
import { isConfiguration, needsMaster } from "../../haproxy/config/config.js";
import { hintsOn, describeHint as wordsOfHint } from "../../haproxy/config/migration.js";
import type { Resource, Verdict } from "../../ports.js";
import { STAGE_DIGITS } from "../files/atomic-write.js";
import { type Ended, run } from "../host/command.js";
import { describeFailure } from "./by-commands.js";

/** Beside a text that is no configuration, for which `haproxy -c` has no use. */
const NO_CONFIGURATION =
  'hint: a map, a list, a page or a script needs a check_cmd of its own, check_cmd = "true" where none is at hand';

const VERSION_WITHIN_MS = 5_000;

/** Exit code of `haproxy -c` for a file without a fault that leaves nothing to listen on. */
const NO_LISTENER = 2;

/**
 * Has `haproxy -c` judge a file, in words about the resource's own.
 *
 * With -W only where a section is in no other way to be had: before 3.1, an empty file would pass with it.
 */
export async function checkByHaproxy(
  path: string,
  { dest, checkWithinMs }: Resource,
  { haproxy, clock }: { readonly haproxy: string; readonly clock: Clock },
  signal: AbortSignal,
): Promise<Verdict> {
  const text = await readFile(path, "utf8").catch(() => ""); // HAProxy itself says why it cannot be read
  const limits = { deadlineMs: checkWithinMs, clock };
  return judgeBy({ path, dest, text }, (args) => run([haproxy, ...args], limits, signal));
}

/** A text that is to be judged: where HAProxy finds it, and what it is called. */
interface Judged {
  readonly path: string;
  readonly dest: string;
  readonly text: string;
}

/** The same by an HAProxy that is run with these words of a command line, wherever that is. */
export async function judgeBy(
  judged: Judged,
  runHaproxy: (args: readonly string[]) => Promise<Ended>,
): Promise<Verdict> {
  const verdict = await judgeStaged(judged, runHaproxy);
  return { ...verdict, output: inOwnNames(verdict.output, judged.dest) };
}

/** What the file carries is staged as well. */
function inOwnNames(output: string, dest: string): string {
  if (output === "") return output; // nearly always
  const name = basename(dest).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return output.replace(new RegExp(`\\.(${name}\\.[\\w.-]+?)[0-9]{${STAGE_DIGITS}}\\b`, "g"), "$1");
}

async function judgeStaged(
  { path, dest, text }: Judged,
  runHaproxy: (args: readonly string[]) => Promise<Ended>,
): Promise<Verdict> {
  const mode = needsMaster(text) ? ["-W"] : [];
  const ended = await runHaproxy([...mode, "-c", "-f", path]);
  const { exitCode, output } = ended;
  if (exitCode === NO_LISTENER || (exitCode === 0 && mode.length > 0 && !listens(text))) {
    return { accepted: false, output: "It has no listener: HAProxy would serve nothing" };
  }
  if (exitCode === 0) return { accepted: true, output: complaintsOf(output, "WARNING").replaceAll(path, dest) };
  const complaints = reasonsOf(output);
  if (complaints === "") return { accepted: false, output: describeFailure(ended).replaceAll(path, dest) };
  const hints = isConfiguration(text) ? hintsOn(text).map((hint) => `hint: ${wordsOfHint(hint)}`) : [NO_CONFIGURATION];
  const quoted = quoteLines(complaints, { path, name: basename(dest), text });
  const advice = adviceOnAuthority(quoted);
  return {
    accepted: false,
    output: [quoted, ...hints, ...(advice === undefined ? [] : [`hint: ${advice}`])].join("\n"),
  };
}

/** What a haproxy binary was built as, by its own words. */
export async function askBuild(haproxy: string, clock: Clock, signal: AbortSignal): Promise<Build> {
  return parseBuild((await run([haproxy, "-vv"], { deadlineMs: VERSION_WITHIN_MS, clock }, signal)).output);
}
