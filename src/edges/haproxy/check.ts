import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Clock } from "../../flow/clock.js";
import { complaintsOf, quoteLines } from "../../haproxy/config/alerts.js";
import { hintsOn, describeHint as wordsOfHint } from "../../haproxy/config/migration.js";
import type { Resource, Verdict } from "../../ports.js";
import { run } from "../host/command.js";
import { describeFailure } from "./by-commands.js";

/** Exit code of `haproxy -c` for a file without a fault that leaves nothing to listen on. */
const NO_LISTENER = 2;

/** Has `haproxy -c` judge a file, in words about the resource's own; without -W, with which an empty file would pass. */
export async function checkByHaproxy(
  path: string,
  { dest, checkWithinMs }: Resource,
  { haproxy, clock }: { readonly haproxy: string; readonly clock: Clock },
  signal: AbortSignal,
): Promise<Verdict> {
  const ended = await run([haproxy, "-c", "-f", path], { deadlineMs: checkWithinMs, clock }, signal);
  const { exitCode, output } = ended;
  if (exitCode === 0) return { accepted: true, output: complaintsOf(output, "WARNING").replaceAll(path, dest) };
  if (exitCode === NO_LISTENER) return { accepted: false, output: "It has no listener: HAProxy would serve nothing" };
  const complaints = complaintsOf(output, "ALERT");
  if (complaints === "") return { accepted: false, output: describeFailure(ended).replaceAll(path, dest) };
  const text = await readFile(path, "utf8");
  const hints = hintsOn(text).map((hint) => `hint: ${wordsOfHint(hint)}`);
  return {
    accepted: false,
    output: [quoteLines(complaints, { path, name: basename(dest), text }), ...hints].join("\n"),
  };
}
