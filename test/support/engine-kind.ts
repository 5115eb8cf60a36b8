/**
 * Which kind of engine this run has: Docker's own, or Podman behind Docker's API. The round of versions says so, since
 * tests have to know beforehand what an engine has to offer.
 */
export const IS_PODMAN = process.env["HECD_TEST_ENGINE"] === "podman";

/**
 * Whether the engine says when a container is told to stop, and by which signal, and when its memory has not sufficed or
 * its own settings are read anew. Podman tells of the end alone: see the table in docs/docker-engines.md.
 */
export const TELLS_BEFORE_THE_END = !IS_PODMAN;

/** What the engine calls the network of containers that ask for none. */
export const DEFAULT_NETWORK = IS_PODMAN ? "podman" : "bridge";
