/**
 * Which kind of engine this run has: Docker's own, or Podman behind Docker's API. The round of versions says so, since
 * tests have to know beforehand what an engine has to offer.
 */
export const IS_PODMAN = process.env["HECD_TEST_ENGINE"] === "podman";

/** What the engine calls the network of containers that ask for none. */
export const DEFAULT_NETWORK = IS_PODMAN ? "podman" : "bridge";
