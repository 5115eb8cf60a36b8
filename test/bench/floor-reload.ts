/**
 * The least that something like confd could do: a raw watch, and for each put the file, `haproxy -c` and a signal. A process
 * of its own. Arguments: etcd endpoint, HAProxy, its file, and the file with the process number of its master.
 */
import { execFile } from "node:child_process";
import { readFile, rename, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { Etcd3 } from "etcd3";
import { required } from "../support/required.js";

const run = promisify(execFile);
const [, , endpoint, haproxy = "haproxy", config = "", pidFile = ""] = process.argv;
const etcd = new Etcd3({ hosts: required(endpoint, "endpoint of etcd") });
const text = await readFile(config, "utf8");
const master = Number(await readFile(pidFile, "utf8"));
const watcher = await etcd.watch().prefix("/floor/").create();
let last: Promise<void> = Promise.resolve();
watcher.on("put", ({ value }) => {
  last = last.then(() => bringIn(value.toString()));
});
process.stdout.write("ready\n");

async function bringIn(address: string): Promise<void> {
  const staged = `${config}.new`;
  await writeFile(staged, text.replace(/^( {2}server s0 )\S+/m, `$1${address}`));
  await run(haproxy, ["-c", "-q", "-f", staged]);
  await rename(staged, config);
  process.kill(master, "SIGUSR2");
}
