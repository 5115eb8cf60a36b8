import { HecdError } from "../errors.js";
import { type Clock, sleep } from "../flow/clock.js";
import { followFor } from "../flow/deadline.js";
import { parseProcesses, type Processes, reloadBetween } from "../haproxy/processes.js";
import { parseReloadReply } from "../haproxy/reload-reply.js";
import type { ReloadVerdict } from "../ports.js";
import { askSocket } from "./haproxy-socket.js";

/** Ports that another process holds are tried for about 2 s, a large configuration takes a second or two more. */
const RELOAD_WITHIN_MS = 20_000;

/** How long a master may refuse to be spoken to before it counts as absent: it does so for a moment while it reloads. */
const CONTACT_WITHIN_MS = 1_000;

/** How long a `reload` that brought no reload is waited for before it counts as lost and is sent again. */
const LOST_AFTER_MS = 200;

const POLL_MS = 10;

/** The processes of a master; undefined when nobody answers. */
export async function askProcesses(socket: string, signal: AbortSignal): Promise<Processes | undefined> {
  const answer = await askSocket(socket, "show proc", signal);
  return answer === undefined ? undefined : parseProcesses(answer);
}

/**
 * Has the master reload, and resolves when the outcome is known: from its answer on HAProxy 3.x, from its processes
 * before that. A `reload` that was lost, because another one was under way, is sent again.
 *
 * Throws `haproxy-failed` where the socket cannot be used, `deadline` when there is no outcome in 20 s.
 */
export async function reloadByMaster(socket: string, clock: Clock, signal: AbortSignal): Promise<ReloadVerdict> {
  const tooLong = new HecdError({ code: "deadline", what: "the reload of HAProxy", afterMs: RELOAD_WITHIN_MS });
  using limit = followFor(RELOAD_WITHIN_MS, tooLong, clock, signal);
  const before = await contact(socket, clock, limit.signal);
  if (!before) return { kind: "absent", output: `No HAProxy answers on its master socket ${socket}` };
  for (;;) {
    // A connection that breaks is as silent as HAProxy 2.6 always is: its processes will tell.
    const reply = parseReloadReply((await askSocket(socket, "reload", limit.signal)) ?? "");
    if (reply.kind === "succeeded") return { kind: "proven", output: "" };
    if (reply.kind === "failed") return { kind: "failed", output: reply.output };
    switch (await followReload(socket, before, clock, limit.signal)) {
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
async function contact(socket: string, clock: Clock, signal: AbortSignal): Promise<Processes | undefined> {
  const giveUpAt = clock.now() + CONTACT_WITHIN_MS;
  for (;;) {
    const processes = await askProcesses(socket, signal);
    if (processes || clock.now() >= giveUpAt) return processes;
    await sleep(POLL_MS, clock, signal);
  }
}

/** What became of a `reload` that was sent; `pending` when it was lost. */
async function followReload(
  socket: string,
  before: Processes,
  clock: Clock,
  signal: AbortSignal,
): Promise<"succeeded" | "failed" | "pending"> {
  let lostAt = clock.now() + LOST_AFTER_MS;
  for (;;) {
    const now = await askProcesses(socket, signal);
    const outcome = now ? reloadBetween(before, now) : "pending";
    if (outcome !== "pending") return outcome;
    // A master that does not answer is at work: only one that answers as before has lost the command.
    if (!now) lostAt = clock.now() + LOST_AFTER_MS;
    else if (clock.now() >= lostAt) return "pending";
    await sleep(POLL_MS, clock, signal);
  }
}
