import { run } from "../../tools/machine/program.mjs";
import { ETCD, ETCDCTL } from "../support/etcd-binary.js";

/** Makes sure that there is an etcd to start. */
export default async function setup(): Promise<void> {
  for (const [program, flag] of [
    [ETCD, "--version"],
    [ETCDCTL, "help"],
  ] as const) {
    const { code, stderr } = await run(program, [flag]);
    if (code === 0) continue;
    throw new Error(
      `These tests need an etcd, and ${program} cannot be started: ${stderr.trim()}\n` +
        "Install etcd-server and etcd-client, or run npm run test:etcd-versions, which installs nothing",
    );
  }
}
