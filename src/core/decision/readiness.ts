import type { HealthPolicy } from "../labels/label-config.js";
import { Memo } from "../memo/memo.js";
import type { Container } from "../model/container.js";
import type { Instance } from "../model/instance.js";
import { type Objection, objection } from "../model/reason.js";
import type { ChosenPort } from "./chosen-ports.js";
import type { PlacedPort } from "./placement.js";

/**
 * What our own probe of a port has found. `pending`: nobody listens yet. `unfit`: somebody listens, and does not answer as
 * he should. `failed`: it no longer passes. `unreachable`: it cannot be probed from here. `skipped`: it is not to be probed.
 */
export type ProbeResult = "passed" | "pending" | "unfit" | "failed" | "unreachable" | "skipped";

/** What is known of a container beyond what Docker says of it. */
export interface RuntimeStatus {
  readonly probe: (port: number) => ProbeResult;
  /** What whoever was probed does instead of an answer, or why he was not, as a clause; undefined where there is none. */
  readonly words: (port: number) => string | undefined;
  /** Whether somebody asked that it gets no new work. */
  readonly drained: boolean;
  /** The services that somebody has put into maintenance; none where nothing is known of that. */
  readonly maintained?: ReadonlySet<string> | undefined;
  /** Whether it is kept out for a while, because it crashes over and over again. */
  readonly held: boolean;
  /** Whether it is ending since it was told to stop; undefined where Docker's word is all that is known of that. */
  readonly stopping?: boolean | undefined;
}

/** The status of a container of which nothing but Docker's word is known. */
export const UNPROBED: RuntimeStatus = {
  probe: () => "skipped",
  words: () => undefined,
  drained: false,
  held: false,
};

/** Whether a container can serve: it does; it is kept in the records as one that does not; or it is not there at all. */
export type Readiness = Present | { readonly state: "out"; readonly because: Objection };

/** The readiness of what is in the records. */
type Present = { readonly state: "up" } | { readonly state: "draining" | "maint"; readonly because: Objection };

const PAUSED = objection("paused", "It is paused and comes back with docker unpause");
const UNHEALTHY = objection("unhealthy", "Its HEALTHCHECK fails");
const DRAINED = objection("draining", "It is drained and comes back with hecd undrain");
const STOPPING = objection(
  "draining",
  "It has been told to stop; should it live on, it serves again when it has been seen to, --stop-grace after that at the earliest",
);

function inMaintenance(service: string): Objection {
  return objection("draining", `Its service is in maintenance and comes back with hecd undrain ${service}`);
}

/** Why an instance does not serve, as far as its record says so to those who have nothing else; undefined while it does. */
export function recordedObjection({
  state,
  drained,
  maintenance,
  stopping,
  health,
  service,
}: Instance): Objection | undefined {
  if (state === "up") return undefined;
  if (state === "maint") return PAUSED;
  if (health === "unhealthy") return UNHEALTHY;
  if (stopping) return STOPPING;
  if (drained) return DRAINED;
  if (maintenance) return inMaintenance(service);
  return objection("check-failed", "Its port no longer passes its check; hecd explain on its host has more");
}

/** Judges a container as a whole by what Docker says and what else is known of it. */
export function readinessOf(
  { status, health, stopping: told }: Container,
  policy: HealthPolicy,
  { drained, held, stopping = told !== undefined }: RuntimeStatus,
): Readiness {
  if (status === "paused") {
    return { state: "maint", because: PAUSED };
  }
  if (status !== "running") return out("not-running", `It is ${status}`);
  if (health === "starting" && policy === "strict") {
    return out("starting", "Its HEALTHCHECK has not succeeded yet; --health lenient would not wait for it");
  }
  if (held) return out("flap-hold", "It has crashed three times or more and must first stay up for a while");
  if (health === "unhealthy" && policy !== "off") return { state: "draining", because: UNHEALTHY };
  if (stopping) return { state: "draining", because: STOPPING };
  if (drained) return { state: "draining", because: DRAINED };
  return { state: "up" };
}

/**
 * The instances of these ports in the states that they are in; `because` is why none of them serves, `notes` which of
 * them count as ready without a probe. The probes of its ports count only while the container as a `whole` is up, and a
 * probe says nothing of UDP.
 *
 * Only `state` and its marks differ from the placement: an instance that serves is the placement's own object.
 */
export function readyInstances(
  ports: readonly PlacedPort[],
  whole: Present,
  runtimeStatus: RuntimeStatus,
): {
  readonly instances: readonly Instance[];
  readonly because: Objection | undefined;
  readonly notes: readonly string[];
} {
  const judged = ports.map(({ chosen, instance }) => {
    const isProbed = whole.state === "up" && chosen.protocol === "tcp";
    const readiness = isProbed ? readinessOfPort(chosen, runtimeStatus) : whole;
    return { instance, readiness: readiness.state === "up" ? readinessIn(instance, runtimeStatus) : readiness };
  });
  const { probe, words } = runtimeStatus;
  const notes = ports
    .filter(({ chosen: { port, protocol } }) => protocol === "tcp" && probe(port) === "unreachable")
    .map(({ chosen: { port } }) => `Its port ${port} cannot be probed and counts as ready: ${words(port) ?? ""}`);
  const instances = judged.flatMap(({ instance, readiness: { state } }) =>
    state === "out" ? [] : [inState(instance, state, runtimeStatus)],
  );
  if (instances.some(({ state }) => state === "up")) return { instances, because: undefined, notes };
  const [because] = judged.flatMap(({ readiness }) => (readiness.state === "up" ? [] : [readiness.because]));
  return { instances, because, notes };
}

/** The last instance that did not simply serve: the same object while nothing changes, so that its record is written once. */
const otherStates = new Memo<Instance, Instance>();

function inState(
  instance: Instance,
  state: Instance["state"],
  { drained, maintained, stopping = false }: Pick<RuntimeStatus, "drained" | "maintained" | "stopping">,
): Instance {
  if (state === "up" && !drained) return instance;
  const maintenance = maintained?.has(instance.service) ?? false;
  const marks = {
    ...(drained && { drained: true as const }),
    ...(maintenance && { maintenance: true as const }),
    ...(stopping && { stopping: true as const }),
  };
  const make = (): Instance => ({ ...instance, state, ...marks });
  return otherStates.of(instance, make, [state, drained, maintenance, stopping]);
}

/** Judges what would serve by what somebody has ordered of its service. */
function readinessIn({ service }: Instance, { maintained }: RuntimeStatus): Present {
  if (maintained?.has(service) !== true) return { state: "up" };
  return { state: "draining", because: inMaintenance(service) };
}

/** Judges one port of a container that is ready as a whole. */
function readinessOfPort({ port, config: { check } }: ChosenPort, { probe, words }: RuntimeStatus): Readiness {
  const done = words(port) ?? "";
  switch (probe(port)) {
    case "passed":
    case "skipped":
    case "unreachable":
      return { state: "up" };
    case "pending": {
      // A check that its labels ask for is made whatever --probe says.
      const ways = check?.type === undefined ? "--probe off or label hecd.check.type=off" : "label hecd.check.type=off";
      return out("not-listening", `Nothing listens on its port ${port} yet; ${ways} would not wait for it`);
    }
    case "unfit":
      return out(
        "answers-badly",
        `Its port ${port} listens, but ${done}; see its labels hecd.scheme, hecd.check.path and hecd.check.type`,
      );
    case "failed":
      return draining("check-failed", `Its port ${port} no longer passes its check: ${done}`);
  }
}

function out(reason: Objection["reason"], advice: string): Readiness {
  return { state: "out", because: objection(reason, advice) };
}

function draining(reason: Objection["reason"], advice: string): Readiness {
  return { state: "draining", because: objection(reason, advice) };
}
