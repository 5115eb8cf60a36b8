import { PrivateDocker } from "../support/docker.js";

/** Gives the tests of agents an engine of their own, so that they can run beside those that use the machine's. */
export default async function setup(): Promise<() => Promise<void>> {
  const docker = await PrivateDocker.start();
  process.env["HECD_TEST_DOCKER"] = docker.url;
  return () => docker[Symbol.asyncDispose]();
}
