import { connect } from "node:net";
import { eventually } from "./eventually.js";

/** Whether somebody accepts a connection there. */
export function accepts(ip: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: ip, port }, () => {
      resolve(true);
      socket.destroy();
    });
    socket.on("error", () => {
      resolve(false);
    });
  });
}

/** When somebody accepts a connection there for the first time, found out every few milliseconds. */
export async function firstAccepted(ip: string, port: number): Promise<number> {
  await eventually(`somebody on ${ip}:${port}`, () => accepts(ip, port), 10_000, 2);
  return Date.now();
}
