/**
 * The least that a renderer without reloads could do: a raw watch and one raw command per put; no file, no check, no
 * proof. A process of its own, as the renderer is. Arguments: etcd endpoint, socket of the worker.
 */
import { connect } from "node:net";
import { Etcd3 } from "etcd3";
import { required } from "../support/required.js";

const endpoint = required(process.argv[2], "endpoint of etcd");
const socket = required(process.argv[3], "socket of the worker");
const etcd = new Etcd3({ hosts: endpoint });
let count = 0;
const watcher = await etcd.watch().prefix("/floor/").create();
watcher.on("put", ({ value }) => {
  const [before, next] = [`servers/s${count}`, `servers/s${++count}`];
  const line =
    `add server ${next} ${value.toString()} check inter 5s fall 1 rise 2;` +
    `enable health ${next};enable server ${next};set server ${before} state maint\n`;
  connect(socket).end(line).resume();
});
process.stdout.write("ready\n");
