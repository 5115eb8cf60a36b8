import type { TestContext } from "vitest";

/**
 * Which kind of engine this run has: Docker's own, or Podman behind Docker's API (`podman`, `podman-4`). The round of
 * versions says so, since tests have to know beforehand what an engine has to offer.
 */
const ENGINE = process.env["HECD_TEST_ENGINE"] ?? "docker";

export const IS_PODMAN = ENGINE.startsWith("podman");

/** What a test needs of the engine, or of the machine that a round gives it. */
export interface Ability {
  /** Whether the engine of this run has it. */
  readonly isHere: boolean;
  /** What is so on an engine without it, in the words of the table in docs/docker-engines.md. */
  readonly otherwise: string;
}

/**
 * Whether the engine says when a container is told to stop, and by which signal. Lists of Podman say of one that is being
 * stopped that it is.
 */
export const TELLS_BEFORE_THE_END = ofDocker("no event before the end");

/** Whether the engine tells that the memory of a container has not sufficed. */
export const TELLS_OF_MEMORY = ofDocker("no such event");

/** Whether the engine has settings that it reads anew while it runs, and tells that. */
export const READS_SETTINGS_ANEW = ofDocker("no such event");

/** Whether containers end with their engine, unless it is told to let them live on. */
export const ENDS_ITS_CONTAINERS = ofDocker("does not happen: containers live on");

/** Whether engines make a swarm. */
export const HAS_SWARM = ofDocker("no swarm");

/** Whether the engine itself speaks TLS. */
export const SPEAKS_TLS = ofDocker("the engine serves its API without TLS");

/** Whether lists of the engine can be narrowed to what is published. */
export const FILTERS_BY_PORT = ofDocker("no such filter");

/** Whether containers can be linked, which docker-compose 1 asks for when it runs one beside those of a service. */
export const LINKS_CONTAINERS = ofDocker("no links between containers");

/** Whether the engine tells that settings of a container have changed. */
export const TELLS_OF_UPDATES = ENGINE !== "podman-4";

/** Whether the engine says what a container in the host's network exposes. */
export const TELLS_WHAT_HOST_EXPOSES = ENGINE !== "podman-4";

/** Whether the engine throws away events of a reader that does not keep up. */
export const DROPS_EVENTS = !IS_PODMAN;

/** Whether a port that is published on no address in particular is so on those of IPv6 too. */
export const PUBLISHES_ON_IPV6 = !IS_PODMAN;

/** Whether a program of the engine accepts connections at a published port, whoever listens in the container. */
export const ACCEPTS_FOR_CONTAINERS = !IS_PODMAN;

/**
 * A start period of health checks that outlasts what a test does meanwhile. Podman ends it by a success neither, so that
 * what a test does afterwards has to wait for its end.
 */
export const START_PERIOD = IS_PODMAN ? "5s" : "30s";

/** What the engine calls the network of containers that ask for none. */
export const DEFAULT_NETWORK = IS_PODMAN ? "podman" : "bridge";

/** Leaves a test out where the engine of this run lacks what the test is about; its run says what is so instead. */
export function needs({ task, skip }: TestContext, { isHere, otherwise }: Ability): void {
  if (!isHere) task.meta.otherwise = otherwise;
  skip(!isHere, otherwise);
}

declare module "vitest" {
  interface TaskMeta {
    /** Why a test was left out. */
    otherwise?: string;
  }
}

function ofDocker(otherwise: string): Ability {
  return { isHere: !IS_PODMAN, otherwise };
}
