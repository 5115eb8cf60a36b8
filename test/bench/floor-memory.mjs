/**
 * The least that a daemon could be: a Node with the raw clients and what they have brought, and nothing done with it.
 * Arguments: etcd endpoint, and the socket of a Docker engine where it follows one, too.
 */
import Docker from "dockerode";
import { Etcd3 } from "etcd3";

const [, , endpoint = "", socketPath] = process.argv;
const etcd = new Etcd3({ hosts: endpoint });
const keys = new Map(Object.entries(await etcd.getAll().prefix("/app/").strings()));
const watcher = await etcd.watch().prefix("/app/").create();
watcher.on("put", ({ key, value }) => keys.set(key.toString(), value.toString()));
if (socketPath !== undefined) {
  const docker = new Docker({ socketPath });
  for (const { Id } of await docker.listContainers()) await docker.getContainer(Id).inspect();
  (await docker.getEvents()).resume();
}
process.stdout.write("ready\n");
