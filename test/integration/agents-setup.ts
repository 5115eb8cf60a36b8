import type { TestProject } from "vitest/node";
import { PrivateDocker } from "../support/docker.js";
import { IS_PODMAN } from "../support/engine-kind.js";

/** Gives the tests of agents an engine of their own, so that they can run beside those that use the machine's. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (IS_PODMAN) return undefined; // a round of its versions has a machine for itself
  const docker = await PrivateDocker.start();
  // Not in the environment of this process, which other projects of the same run would have as well.
  project.config.env = { ...project.config.env, HECD_TEST_DOCKER: docker.url };
  return () => docker[Symbol.asyncDispose]();
}
