/**
 * The least that an agent could do: a raw event stream, one inspect per start, one put. A process of its own, as the
 * agent is. Arguments: etcd endpoint. Registers containers with the label `floor`, below /floor.
 */
import Docker from "dockerode";
import { Etcd3 } from "etcd3";
import { required } from "../support/required.js";

const etcd = new Etcd3({ hosts: required(process.argv[2], "endpoint of etcd") });
const docker = new Docker({ socketPath: "/var/run/docker.sock" });
const stream = await docker.getEvents({ filters: { type: ["container"], event: ["start"], label: ["floor"] } });
stream.on("data", (chunk: Buffer) => {
  void register((JSON.parse(chunk.toString()) as { readonly Actor: { readonly ID: string } }).Actor.ID);
});
await etcd.put("/ready").value("yes"); // connects
process.stdout.write("ready\n");

async function register(id: string): Promise<void> {
  const { Name, NetworkSettings } = await docker.getContainer(id).inspect();
  const port = required(NetworkSettings.Ports["8080/tcp"]?.[0]?.HostPort, `port of ${Name}`);
  await etcd.put(`/floor${Name}`).value(`127.0.0.1:${port}`);
}
