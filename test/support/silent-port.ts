import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { required } from "./required.js";

const PROGRAM = `
const server = require("node:net").createServer();
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => process.stdout.write(String(server.address().port)));
`;

/** A port at which nobody refuses a connection, and nobody accepts one: it is only found out by waiting. */
export async function silentPort(): Promise<AsyncDisposable & { readonly port: number }> {
  const child = spawn(process.execPath, ["-e", PROGRAM], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(required(said.toString(), "port"));
  child.kill("SIGSTOP"); // from now on the system alone accepts, until its queue is full
  const sockets: Socket[] = [];
  for (let isOpen = true; isOpen;) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => socket.destroy());
    sockets.push(socket);
    isOpen = await Promise.race([
      once(socket, "connect").then(() => true),
      new Promise<boolean>((resolve) => setTimeout(resolve, 300, false)),
    ]);
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      child.kill("SIGKILL");
      await ended;
    },
  };
}
