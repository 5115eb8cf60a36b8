import { describe, expect, test } from "vitest";
import { freshServers, RuntimeWorld } from "../support/runtime-world.js";

const MOVES = 200;

/** A server that is at another port each time, with checks that see nothing of it before the end. */
function textOf(move: number, port: number, socket: string): string {
  return `global
  stats socket ${socket} mode 600 level admin
defaults
  mode http
  timeout connect 100ms
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:${port}
  default_backend b
backend b
  server s0 127.0.0.1:${9_000 + (move % 50)} check inter 1h
  server s1 127.0.0.${2 + (move % 3)}:9000 weight ${10 + (move % 7)}
`;
}

describe("servers that move", () => {
  test.each(["socket", "master", "both"] as const)(
    `come to ${MOVES} addresses one after the other without a reload, by %s`,
    { timeout: 60_000 },
    async (way) => {
      let socket = "";
      await using world = await RuntimeWorld.start(
        (port, path) => {
          socket = path;
          return textOf(0, port, path);
        },
        way === "master" ? "master" : "admin",
      );
      // Without the master nobody could reload it.
      if (way === "socket") world.driveBy({ socket, reload: { kind: "command", command: "true" } });
      const file = textOf(0, world.port, socket);
      const { driver } = world.parts;
      for (let move = 0; move <= MOVES; move++) {
        const wanted = textOf(move, world.port, socket);
        const adjustment = await driver.adjust({ wanted, file }, new AbortController().signal);
        expect(adjustment.kind).toBe(move === 0 ? "agrees" : "adjusted");
        expect(driver.report).toMatchObject({ agrees: true, differences: [] });
      }
      const wanted = textOf(MOVES, world.port, socket);
      expect(await world.servers(wanted)).toEqual(await freshServers(wanted));
      expect(world.take("haproxy-adjusted")).toHaveLength(MOVES);
    },
  );
});
