import type { HecdEvent, Outcome } from "./event.js";

/** How an event is told to a person. */
export interface EventDescription {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
}

/** The words and the weight of an event; the facts themselves go beside them into the log. */
export function describeEvent(event: HecdEvent): EventDescription {
  switch (event.kind) {
    case "docker-connected":
      return info(`Connected to Docker ${event.version} at ${event.url}${after(event.afterMs)}`);
    case "docker-unreachable":
      return warn(
        `Cannot ${event.answers ? "work with" : "reach"} Docker at ${event.url}, everything registered stays: ${event.reason}${since(event.lastedMs)}`,
      );
    case "docker-event":
      return debug(`Docker says ${event.action} of ${event.container}`);
    case "advertising":
      return info(`Advertises ${event.ip} (${event.how})`);
    case "reconciled":
      return debug(
        `Compared ${event.containers} containers: ${event.instances} instances, ${event.transactions} transactions`,
      );
    case "registered":
      return info(`Registered ${event.key} = ${event.value}${changeOf(event)}`);
    case "deregistered":
      return info(`Deregistered ${event.key}${changeOf(event)}`);
    case "skipped":
      return info(
        `Container ${event.container} ${event.isKept ? "is registered and gets no new work" : "is not registered"} (${event.reason}): ${event.advice}`,
      );
    case "probe-waits":
      return warn(
        event.words === undefined
          ? `Container ${event.container} does not listen on ${event.asked}, and is not registered before it does`
          : `Container ${event.container} is not registered, since ${event.asked} ${event.words}`,
      );
    case "stop-lingers":
      return warn(
        `Container ${event.container} was told to stop ${Math.round(event.afterMs / 1_000)} s ago, lives on and is not seen to serve: it gets no work until it is, or is started anew, or hecd undrain says so`,
      );
    case "stop-outlived":
      return warn(
        `Container ${event.container} was told to stop ${Math.round(event.afterMs / 1_000)} s ago, lives on and has been seen to serve for a while: it gets work again`,
      );
    case "key-conflict":
      return warn(`Key ${event.key} belongs to somebody else and is left alone; it holds ${event.held}`);
    case "key-replaced":
      return warn(`Replaced ${event.key}, which nobody keeps alive; it held ${event.held}`);
    case "contested":
      return debug(`Somebody else has ${event.agreeing} keys with our value and ${event.differing} with another`);
    case "session-opened":
      return info(
        `${event.adopted ? "Took over" : "Opened"} lease ${event.lease}, renewed well within its ${event.ttlSeconds} s`,
      );
    case "session-lost":
      return warn(`Lost lease ${event.lease}, everything will be registered anew: ${event.reason}`);
    case "claim-held":
      return warn(
        `Waiting: ${event.key} is claimed by ${event.holder}${since(event.lastedMs)}; give this host its own --host-id if both are to run`,
      );
    case "store-connected":
      return info(`Connected to ${event.product ?? "etcd"} at ${event.endpoints.join(", ")}${after(event.afterMs)}`);
    case "store-unreachable":
      return warn(
        event.answers
          ? `${event.product ?? "etcd"} at ${event.endpoints.join(", ")} refuses: ${event.reason}${since(event.lastedMs)}`
          : `Cannot reach ${event.product ?? "etcd"} at ${event.endpoints.join(", ")}: ${event.reason}${since(event.lastedMs)}`,
      );
    case "store-full":
      return error(
        `${event.product ?? "etcd"} at ${event.endpoints.join(", ")} has no space: keys are removed and the lease is kept, but nothing is registered or changed until there is room and its alarm is disarmed: ${event.reason}${since(event.lastedMs)}`,
      );
    case "store-has-space":
      return info(`${event.product ?? "etcd"} at ${event.endpoints.join(", ")} has space${after(event.afterMs)}`);
    case "watch-resumed":
      return event.how === "continued"
        ? debug(`Follows ${event.prefix} again from where it stopped: ${event.reason}`)
        : info(`Read ${event.prefix} afresh: ${event.reason}`);
    case "lease-renewed":
      return debug(`Renewed lease ${event.lease} for ${event.ttlSeconds} s`);
    case "resources-loaded":
      return info(`Loaded ${event.resources.length} template resources: ${event.resources.join(", ") || "none"}`);
    case "resource-invalid":
      return error(`Cannot use ${event.file}, the other resources go on: ${event.reason}`);
    case "value-left-out":
      return warn(`Left out ${event.key}: ${event.reason}`);
    case "rendered":
      return debug(`Rendered ${event.resource}: ${event.bytes} bytes`);
    case "render-failed":
      return error(`Cannot render ${event.resource}: ${event.reason}`);
    case "out-of-sync":
      return debug(
        `${event.dest} is out of sync: ${event.differences.map(({ what, has, shouldBe }) => `${what} ${has} should be ${shouldBe}`).join(", ")}`,
      );
    case "checked":
      return debug(
        `The check ${event.accepted ? "accepted" : "refused"} the new file of ${event.resource}${event.output === "" ? "" : `: ${event.output}`}`,
      );
    case "applied":
      return withCause(applied(event.dest, event.outcome), event);
    case "original-kept":
      return warn(
        `Replaces ${event.path}, which HECD has not written; what was there is kept for good as ${event.copy}`,
      );
    case "file-edited":
      return warn(
        `${event.dest} was edited by somebody else, and is brought back to what it should be: ${some(event.differences)}`,
      );
    case "history-unwritable":
      return warn(
        `Cannot write the history of ${event.resource}, all else goes on: ${event.reason}${since(event.lastedMs)}`,
      );
    case "pinned":
      return warn(
        `${event.resource} is pinned to version ${event.id}, ${event.until === undefined ? "until hecd resume" : `until ${event.until}`}${pinEffects(event)}${since(event.lastedMs)}`,
      );
    case "pin-ended":
      return info(
        `${event.resource} is no longer pinned to version ${event.id}${event.by === "time" ? ": its time is over" : ""}`,
      );
    case "written-in-place":
      return warn(
        `${event.path} is mounted by itself, here or in a container, and was overwritten; mount its directory instead, or a reader may see half of it or none`,
      );
    case "reloaded":
      return event.succeeded
        ? debug(`Reloaded by ${event.by} in ${Math.round(event.tookMs)} ms`)
        : warn(`The reload by ${event.by} failed: ${event.output}`);
    case "haproxy-adjusted":
      return debug(
        `Adjusted the HAProxy of ${event.resource} by ${event.commands} commands in ${Math.round(event.tookMs)} ms`,
      );
    case "haproxy-unreachable":
      return warn(`Cannot ask the HAProxy of ${event.resource}: ${event.reason}${since(event.lastedMs)}`);
    case "haproxy-reached":
      return info(`The HAProxy of ${event.resource} answers${after(event.afterMs)}`);
    case "haproxy-differs":
      return warn(`The HAProxy of ${event.resource} is not as its file says: ${some(event.differences)}`);
    case "haproxy-compared":
      return debug(`Compared the HAProxy of ${event.resource} with its file: ${event.differing} servers differ`);
    case "servers-linger":
      return warn(
        `${event.servers} servers of the HAProxy of ${event.resource} are out and not yet deleted: they are in use, or it deletes none${since(event.lastedMs)}`,
      );
    case "servers-deleted":
      return debug(`Deleted from the HAProxy of ${event.resource}: ${some(event.servers)}`);
    case "certificate-in-use":
      return info(
        `Certificate ${event.file} (${some(event.names)}) was ${event.how} in HAProxy without a reload: serial ${event.serial}, until ${event.expires}`,
      );
    case "certificate-obtained":
      return event.failure === undefined
        ? info(
            `HAProxy has got certificate ${event.file} (${some(event.names)}) from the authority: serial ${event.serial}, until ${event.expires}; it is on disk`,
          )
        : warn(
            `HAProxy has got certificate ${event.file} (${some(event.names)}) from the authority, which could not be put on disk and is lost with the next reload: ${event.failure}`,
          );
    case "certificate-refused":
      return warn(
        `Certificate ${event.file} is not used${event.isLoaded ? ", and the one before it stays in use" : ""}: ${event.reason}`,
      );
    case "certificate-ends":
      return warn(
        `Certificate ${event.file} (${some(event.names)}) ${event.daysLeft < 0 ? "has ended" : `ends in ${event.daysLeft} days`}: ${event.expires}`,
      );
    case "certificates-compared":
      return debug(`HAProxy of ${event.resource} has ${event.certificates.length} certificates`);
    case "reload-needed":
      return info(`${event.resource} needs a reload: ${event.reason}`);
    case "reload-waits":
      return info(
        `${event.resource} waits for a slot of ${event.group} before its reload, which ${some(event.holders)} has${since(event.lastedMs)}`,
      );
    case "reload-slot-taken":
      return debug(
        `${event.resource} has a slot of ${event.group} for its reload after ${Math.round(event.waitedMs)} ms`,
      );
    case "reload-without-slot":
      return warn(`${event.resource} is reloaded without a slot of ${event.group}: ${event.reason}`);
    case "haproxy-watched":
      return debug(
        `The HAProxy of ${event.resource} has ${event.oldWorkers} old workers and ${event.leaving} servers to delete`,
      );
    case "haproxy-started":
      return info(`Started HAProxy ${event.version}, process ${event.pid}`);
    case "haproxy-said":
      return debug(`HAProxy: ${event.line}`);
    case "haproxy-exited":
      return error(`HAProxy ended (${event.how}) and is started again: ${event.output}`);
    case "backend-chosen":
      return info(`Reads from ${event.backend}${event.sources.length === 0 ? "" : ` (${event.sources.join(", ")})`}`);
    case "source-unreadable":
      return error(`Cannot read ${event.source}, what was read before stays in force: ${event.reason}`);
    case "advice":
      return warn(`${event.about}: ${event.advice}`);
    case "stalled":
      return warn(
        `Stood still for ${(event.lastedMs / 1_000).toFixed(1)} s, and the lease ends after ${event.ttlSeconds} s of that; give this process more of the machine, or raise --ttl`,
      );
    case "listening":
      return info(`The page and the status are served on ${event.url}/`);
    case "stopping":
      return info(`Stopping: ${event.why}`);
  }
}

/** The words of an outcome, with what was done and why. */
function withCause({ level, message }: EventDescription, { why, did = [] }: HecdEvent & { readonly kind: "applied" }) {
  return {
    level,
    message: `${message}${did.length === 0 ? "" : `: ${some(did)}`}${why === undefined ? "" : `; ${why}`}`,
  };
}

function pinEffects({ out, waiting }: HecdEvent & { readonly kind: "pinned" }): string {
  const gone = out.length === 0 ? "" : `; out of work since the store no longer has them: ${some(out)}`;
  return `${gone}${waiting === 0 ? "" : `; ${waiting} addresses of the store are not in it`}`;
}

function applied(dest: string, outcome: Outcome): EventDescription {
  switch (outcome.kind) {
    case "unchanged":
      return debug(`${dest} is up to date`);
    case "would-change":
      return info(`${dest} would change`);
    case "held":
      return warn(`${dest} waits to see whether they are really gone: ${some(outcome.losses)}`);
    case "rejected":
      return error(`The new ${dest} was refused, the old one stays: ${outcome.output}`);
    case "applied":
      return info(
        outcome.isFileDue
          ? `What ${dest} will say (${outcome.bytes} bytes) is in use${howOf(outcome)}`
          : `${dest} is new (${outcome.bytes} bytes) and in use${howOf(outcome)}`,
      );
    case "differs":
      return error(`${dest} is in place, but not what runs: ${outcome.output}`);
    case "waiting":
      return warn(`${dest} is new, but nothing could be told to read it: ${outcome.output}`);
    case "rolled-back":
      return error(`The reload with the new ${dest} failed, the last good file is back: ${outcome.output}`);
    case "reload-failed":
      return error(`${dest} is new, but the reload failed and is tried again: ${outcome.output}`);
    case "failed":
      return error(`Cannot bring ${dest} up to date: ${outcome.reason}`);
  }
}

function howOf({ commands, reload }: Outcome & { readonly kind: "applied" }): string {
  if (reload !== undefined) return ` by a reload: ${reload}`;
  return commands === undefined ? "" : ` at run time: ${commands} ${commands === 1 ? "command" : "commands"}`;
}

const debug = (message: string): EventDescription => ({ level: "debug", message });
const info = (message: string): EventDescription => ({ level: "info", message });
const warn = (message: string): EventDescription => ({ level: "warn", message });
const error = (message: string): EventDescription => ({ level: "error", message });

/** ` (r12)`, by which the renderers' logs and histories name it. */
function changeOf({ change }: { readonly change?: string }): string {
  return change === undefined ? "" : ` (${change})`;
}

/** A list that may be long. */
function some(items: readonly string[]): string {
  const shown = items.slice(0, 5).join(", ");
  return items.length > 5 ? `${shown} and ${items.length - 5} more` : shown;
}

/** ` (for 30 s now)` when an outage goes on, nothing when it begins. */
function since(lastedMs: number): string {
  return lastedMs === 0 ? "" : ` (for ${Math.round(lastedMs / 1_000)} s now)`;
}

/** ` after 30 s` when there was an outage before. */
function after(outageMs: number): string {
  return outageMs === 0 ? "" : ` after ${(outageMs / 1_000).toFixed(1)} s`;
}
