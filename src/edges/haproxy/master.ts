import { HecdError } from "../../errors.js";
import { type Clock, sleep } from "../../flow/clock.js";
import { deadlineSignal } from "../../flow/deadline.js";
import { parseProcesses, type Processes, reloadBetween } from "../../haproxy/master/processes.js";
import { parseReloadReply } from "../../haproxy/master/reload-reply.js";
import { answersReload } from "../../haproxy/runtime/capabilities.js";
import type { ReloadVerdict } from "../../ports.js";
import { type Ask, askSocket } from "./socket.js";

/** Ports that another process holds are tried for about 2 s, a large configuration takes a second or two more. */
const RELOAD_WITHIN_MS = 20_000;

/** How long a master may refuse to be spoken to before it counts as absent: it does so for a moment while it reloads. */
const CONTACT_WITHIN_MS = 1_000;

/** How long a `reload` that brought no reload is waited for before it counts as lost and is sent again. */
const LOST_AFTER_MS = 200;

/** A worker that serves answers in a few milliseconds. */
const WORKER_WITHIN_MS = 250;

/** How long a master that reloads for somebody else is left alone before it is asked again. */
const BUSY_MS = 50;

const POLL_MS = 10;

/** The processes of a master; undefined when nobody answers. */
export async function askProcesses(
  socket: string,
  signal: AbortSignal,
  ask: Ask = askSocket,
): Promise<Processes | undefined> {
  const answer = await ask(socket, "show proc", signal);
  return answer === undefined ? undefined : parseProcesses(answer);
}

/**
 * Whether the worker of a master that starts serves already.
 *
 * From HAProxy 3.1 on the master answers, and shows its worker, while that one still reads its file: `@1` then leads to
 * nobody. 3.2 leaves some questions of that time unanswered.
 */
export async function workerServes(socket: string, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const tooLong = (): HecdError =>
    new HecdError({ code: "deadline", what: "HAProxy's worker", afterMs: WORKER_WITHIN_MS });
  using limit = deadlineSignal(WORKER_WITHIN_MS, tooLong, clock, signal);
  try {
    return (await askSocket(socket, "@1 show info", limit.signal))?.startsWith("Name: ") ?? false;
  } catch (error) {
    if (error === limit.signal.reason && !signal.aborted) return false;
    throw error;
  }
}

/** How a master is had to reload. */
interface MasterReload {
  readonly clock: Clock;
  /** What it is given besides the usual time. */
  readonly patientMs?: number;
  readonly ask?: Ask;
}

/**
 * Has the master reload, and resolves when the outcome is known: from its answer since HAProxy 2.7, from its processes
 * before that. A `reload` that was lost or refused, because another one was under way, is sent again.
 *
 * Throws `haproxy-failed` where the socket cannot be used, `deadline` when there is no outcome in 20 s and `patientMs`.
 */
export async function reloadByMaster(
  socket: string,
  { clock, patientMs = 0, ask = askSocket }: MasterReload,
  signal: AbortSignal,
): Promise<ReloadVerdict> {
  const withinMs = RELOAD_WITHIN_MS + patientMs;
  const tooLong = (): HecdError =>
    new HecdError({ code: "deadline", what: "the reload of HAProxy", afterMs: withinMs });
  using limit = deadlineSignal(withinMs, tooLong, clock, signal);
  const before = await contact(socket, { clock, ask }, limit.signal);
  if (!before) return { kind: "absent", output: `No HAProxy answers on its master socket ${socket}` };
  for (;;) {
    const reply = parseReloadReply((await ask(socket, "reload", limit.signal)) ?? "");
    if (reply.kind === "succeeded") return { kind: "proven", output: "" };
    if (reply.kind === "failed") return { kind: "failed", output: reply.output };
    if (reply.kind === "busy") {
      await sleep(BUSY_MS, clock, limit.signal);
      continue;
    }
    // A connection that breaks, since somebody else reloads, is as silent as HAProxy 2.6 always is.
    switch (await followReload(socket, before, { clock, ask }, limit.signal)) {
      case "succeeded":
        return { kind: "proven", output: "" };
      case "failed":
        return { kind: "failed", output: SILENT_FAILURE };
      case "pending": // lost
    }
  }
}

const SILENT_FAILURE =
  "HAProxy could not load the file and goes on with what it had. Its master socket does not say why, its log does; " +
  "as the check had accepted the file, most likely another process holds a port of it";

/** The processes as they are now; undefined when nobody has answered for a second. */
async function contact(
  socket: string,
  { clock, ask }: { readonly clock: Clock; readonly ask: Ask },
  signal: AbortSignal,
): Promise<Processes | undefined> {
  const giveUpAt = clock.now() + CONTACT_WITHIN_MS;
  for (;;) {
    const processes = await askProcesses(socket, signal, ask);
    if (processes || clock.now() >= giveUpAt) return processes;
    await sleep(POLL_MS, clock, signal);
  }
}

/** What became of a `reload` that was sent; `pending` when it was lost. */
async function followReload(
  socket: string,
  before: Processes,
  { clock, ask }: { readonly clock: Clock; readonly ask: Ask },
  signal: AbortSignal,
): Promise<"succeeded" | "failed" | "pending"> {
  let lostAt = clock.now() + LOST_AFTER_MS;
  for (;;) {
    const now = await askProcesses(socket, signal, ask);
    // A master that answers proves more than its processes: from 3.1 on these are shown before they have read the file.
    const outcome = now && !answersReload(now.version) ? reloadBetween(before, now) : "pending";
    if (outcome !== "pending") return outcome;
    // A master that does not answer is at work: only one that answers as before has lost the command.
    if (!now) lostAt = clock.now() + LOST_AFTER_MS;
    else if (clock.now() >= lostAt) return "pending";
    await sleep(POLL_MS, clock, signal);
  }
}
