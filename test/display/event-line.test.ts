import { describe, expect, test } from "vitest";
import { eventLine, isWanted, type ShownEvent } from "../../src/display/event-line.js";
import { painted } from "../../src/display/frame.js";

const REGISTERED: ShownEvent = {
  at: "2026-11-30T14:03:22.123Z",
  level: "info",
  message: "Registered /app/web/web-1 = 192.0.2.1:80",
  event: { kind: "registered", key: "/app/web/web-1", value: "192.0.2.1:80" },
};
const ALL = { level: "info", services: [], containers: [] } as const;

const event = (facts: object): ShownEvent => ({ ...REGISTERED, event: { kind: "x", ...facts } });

describe("an event", () => {
  test("is one line: when, who says it, of which host, how bad, and what, without what would reach the terminal", () => {
    const words = (told: Partial<ShownEvent>): string =>
      painted([eventLine("agent", { ...REGISTERED, ...told })], { columns: 200, rows: 1 }, false)[0] ?? "";
    expect(words({})).toMatch(
      /^2026-\d\d-\d\d \d\d:\d\d:22 {2}agent {5}Registered \/app\/web\/web-1 = 192\.0\.2\.1:80$/,
    );
    expect(words({ level: "warn", host: "node5", message: "a\u001b[2Jb\nc" })).toMatch(
      / {2}warn: node5: a\\u001b\[2Jb\\nc$/,
    );
  });

  test.each<[isWanted: boolean, what: string, event: ShownEvent, filter: object]>([
    [true, "any, where no name is asked for", REGISTERED, {}],
    [true, "of the service", REGISTERED, { services: ["web"] }],
    [true, "of the container", REGISTERED, { containers: ["web-1"] }],
    [true, "of one of several", REGISTERED, { containers: ["other", "web-1"] }],
    [true, "of both", REGISTERED, { services: ["web"], containers: ["web-1"] }],
    [false, "of another container of the service", REGISTERED, { services: ["web"], containers: ["web-2"] }],
    [false, "of a part of a name", REGISTERED, { containers: ["eb-1"] }],
    [false, "of a longer name", event({ key: "/app/web.example/web-1" }), { services: ["web"] }],
    [true, "in a list", event({ servers: ["web/web-1:192.0.2.1:80"] }), { containers: ["web-1"] }],
    [true, "within other facts", event({ outcome: { losses: ["web/web-1"] } }), { services: ["web"] }],
    [true, "of a record", event({ key: "/hecd/v1/services/web/n:web-1:80" }), { containers: ["web-1"] }],
    [false, "whose kind has that name", event({ kind: "web", by: "web" }), { services: ["web"] }],
    [false, "that weighs less", { ...REGISTERED, level: "debug" }, {}],
    [true, "that weighs enough", { ...REGISTERED, level: "error" }, { level: "warn" }],
    [true, "of a name with signs of a pattern", event({ container: "a+b" }), { containers: ["a+b"] }],
  ])("is wanted: %s, %s", (wanted, _what, told, filter) => {
    expect(isWanted(told, { ...ALL, ...filter })).toBe(wanted);
  });
});
