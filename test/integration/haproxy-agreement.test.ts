import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.js";
import { numberOf } from "../support/required.js";
import { freshServers, RuntimeWorld } from "../support/runtime-world.js";

/** `HECD_TEST_SEQUENCES=500` makes the long round of it. */
const SEQUENCES = numberOf(process.env["HECD_TEST_SEQUENCES"] ?? "60", "HECD_TEST_SEQUENCES");

const server = fc.record({
  index: fc.nat(5),
  moved: fc.nat(1),
  weight: fc.constantFrom(0, 1, 7, 100, 256),
  disabled: fc.boolean(),
  // What a server is made of changes rarely; then only a reload can bring it in.
  remade: fc.constantFrom(false, false, false, false, false, false, false, true),
});
const backend = fc.record({
  algorithm: fc.constantFrom("roundrobin", "roundrobin", "leastconn", "random", "random(3)", "static-rr", "source"),
  fallback: fc.constantFrom("", "", "default-server inter 2h weight 3", "default-server maxconn 50"),
  option: fc.constantFrom("", "", "", "option allbackups", "timeout server 7s"),
  comment: fc.constantFrom("", "# a word", "   # another  "),
  servers: fc.uniqueArray(server, { selector: ({ index }) => index, maxLength: 5 }),
});
/** Mostly small steps, as they are in life: the whole is made anew rarely. */
const configuration = fc.record({
  backends: fc.tuple(backend, backend),
  third: fc.option(backend, { freq: 1, nil: undefined }),
  global: fc.constantFrom("", "", "", "", "maxconn 500"),
});
type Backend = Omit<typeof backend extends fc.Arbitrary<infer T> ? T : never, "servers"> & {
  readonly servers: readonly (typeof server extends fc.Arbitrary<infer T> ? T : never)[];
};
interface Configuration {
  readonly backends: readonly [Backend, Backend];
  readonly third: Backend | undefined;
  readonly global: string;
}

const step = fc.oneof(
  { weight: 1, arbitrary: configuration.map((next) => (): Configuration => next) },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.nat(1), backend).map(([at, { servers, comment }]) => (now: Configuration): Configuration => {
      const changed = { ...now.backends[at === 0 ? 0 : 1], servers, comment };
      return { ...now, backends: at === 0 ? [changed, now.backends[1]] : [now.backends[0], changed] };
    }),
  },
);

const CHECKS = ["check inter 1h", "", "check inter 1h fall 5"];

function textOf({ backends: named, third, global }: Configuration, port: number, socket: string): string {
  const backends = [...named, ...(third ? [third] : [])].map(
    ({ algorithm, fallback, option, comment, servers }, index) => `
backend b${index} ${comment}
  balance ${algorithm}
  ${option}
  ${fallback}
${servers
  .map(
    (each) =>
      `  server s${each.index} 127.0.0.${each.index + 1}:${9_000 + each.moved} ${CHECKS[each.index % 3] ?? ""}` +
      `${each.remade ? " maxqueue 9" : ""} weight ${each.weight}${each.disabled ? " disabled" : ""}` +
      `${each.index > 3 ? " backup" : ""}\n`,
  )
  .join("")}`,
  );
  return `global
  ${global}
  stats socket ${socket} mode 600 level admin
defaults
  mode http
  retries 0
  timeout connect 50ms
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:${port}
  default_backend b0
${backends.join("")}`;
}

describe.concurrent("a running HAProxy", () => {
  for (const way of ["master", "admin"] as const) {
    test(
      `is what a fresh one would be, after any changes, by the ${way} socket`,
      { timeout: SEQUENCES * 15_000 },
      async () => {
        const counts = { steps: 0, adjusted: 0, reloads: 0, same: 0 };
        const sequences = fc.sample(
          fc.tuple<[Configuration, readonly ((now: Configuration) => Configuration)[]]>(
            configuration,
            fc.array(step, { minLength: 2, maxLength: 4 }),
          ),
          {
            numRuns: Math.ceil(SEQUENCES / 2),
            seed: way === "master" ? 1 : 2,
          },
        );
        let socket = "";
        await using world = await RuntimeWorld.start((port, path) => {
          socket = path;
          return textOf({ backends: [EMPTY, EMPTY], third: undefined, global: "" }, port, path);
        }, way);
        for (const [first, steps] of sequences) {
          let now = first;
          for (const next of [() => first, ...steps]) {
            now = next(now);
            const text = textOf(now, world.port, socket);
            const outcome = await world.apply(text);
            expect(["applied", "unchanged"], JSON.stringify(outcome)).toContain(outcome.kind);
            counts.steps++;
            const adjusted = world.take("haproxy-adjusted").length;
            const reloads = world.take("reload-needed").length;
            if (reloads > 0) counts.reloads++;
            else if (adjusted > 0) counts.adjusted++;
            else counts.same++;
            expect(await world.servers(text), text).toEqual(await freshServers(text));
          }
        }
        const text = await readFile(world.haproxy.configPath, "utf8");
        await eventually("the end of every server that has left", async () => {
          await world.apply(text);
          return world.parts.driver.report?.leaving.length === 0;
        });
        const running = await world.ask("show servers state");
        expect(running.match(/^\d+ \S+ \d+ /gm) ?? []).toHaveLength((await freshServers(text)).length);
        const before = await world.servers(text);
        expect((await world.parts.driver.reload(new AbortController().signal)).kind).toBe("proven");
        expect(await world.servers(text)).toEqual(before);
        console.log(`${sequences.length} sequences by the ${way} socket: ${JSON.stringify(counts)}`);
        expect(counts.adjusted).toBeGreaterThan(counts.steps / 10);
      },
    );
  }
});

const EMPTY = { algorithm: "roundrobin", fallback: "", option: "", comment: "", servers: [] } as const;
