/**
 * The least that a renderer could do: a raw watch, a file, a raw reload; no check, no proof, nothing to go back to.
 * A process of its own, as the renderer is. Arguments: etcd endpoint, configuration file, master socket, port.
 */
import { rename, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { Etcd3 } from "etcd3";
import { floorConfig } from "./floor-config.js";

const [endpoint = "", config = "", socket = "", port = ""] = process.argv.slice(2);
const etcd = new Etcd3({ hosts: endpoint });
const servers = new Map<string, string>();
const watcher = await etcd.watch().prefix("/floor/").create();
watcher.on("put", ({ key, value }) => {
  servers.set(key.toString(), value.toString());
  void bringIn();
});
process.stdout.write("ready\n");

async function bringIn(): Promise<void> {
  await writeFile(`${config}.new`, floorConfig(port, [...servers.values()]));
  await rename(`${config}.new`, config);
  connect(socket).end("reload\n").resume();
}
