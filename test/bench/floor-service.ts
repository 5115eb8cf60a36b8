/**
 * The least that a renderer could do for a new service: a raw watch and the raw commands for one backend, one server and
 * one route; no file, no check, no proof. A process of its own, as the renderer is. Arguments: etcd endpoint, socket of
 * the worker.
 */
import { connect } from "node:net";
import { Etcd3 } from "etcd3";
import { required } from "../support/required.js";

const endpoint = required(process.argv[2], "endpoint of etcd");
const socket = required(process.argv[3], "socket of the worker");
const etcd = new Etcd3({ hosts: endpoint });
const watcher = await etcd.watch().prefix("/floor/").create();
watcher.on("put", ({ key, value }) => {
  const name = key.toString().slice("/floor/".length);
  const server = `${name}/${name}`;
  const line =
    `add backend ${name} from _defaults;publish backend ${name};` +
    `add server ${server} ${value.toString()} check inter 5s fall 1 rise 2;enable health ${server};enable server ${server};` +
    `add map haproxy.cfg.routes =${name}.example/ ${name}\n`;
  connect(socket).end(line).resume();
});
process.stdout.write("ready\n");
