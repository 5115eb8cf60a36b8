/**
 * The least that brings a renewed certificate in without a reload: the kernel's word for its folder, and two raw commands;
 * no check, no proof. A process of its own, as the renderer is. Arguments: file of the certificate, socket of the worker.
 */
import { once } from "node:events";
import { watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { basename, dirname } from "node:path";
import { required } from "../support/required.js";

const file = required(process.argv[2], "file of the certificate");
const socket = required(process.argv[3], "socket of the worker");

async function send(command: string): Promise<void> {
  await once(connect(socket).end(command).resume(), "close");
}

let turn = Promise.resolve();
watch(dirname(file), (_, name) => {
  if (name !== basename(file)) return;
  turn = turn.then(async () => {
    await send(`set ssl cert ${file} <<\n${(await readFile(file, "utf8")).trim()}\n\n`);
    await send(`commit ssl cert ${file}\n`);
  });
});
process.stdout.write("ready\n");
