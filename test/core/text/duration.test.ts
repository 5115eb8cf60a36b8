import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCommandLine } from "../../../src/confd/command-line.js";
import { parseResource } from "../../../src/confd/resource.js";
import { resolveSettings } from "../../../src/config.js";
import { readLabels } from "../../../src/core/labels/labels.js";
import { formatDuration, parseDuration, parseDurationOrSeconds } from "../../../src/core/text/duration.js";
import { container, context } from "../../support/containers.js";

const UNITS = { ns: 1e-6, us: 1e-3, "\u00b5s": 1e-3, "\u03bcs": 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const unit = fc.constantFrom(...(Object.keys(UNITS) as (keyof typeof UNITS)[]));
const decimal = fc
  .tuple(fc.nat(999_999), fc.option(fc.nat(999_999)))
  .map(([whole, fraction]) => (fraction === null ? `${whole}` : `${whole}.${fraction}`));
const part = fc.tuple(decimal, unit);

const sumOf = (parts: readonly (readonly [string, keyof typeof UNITS])[]): number =>
  parts.reduce((sum, [number, name]) => sum + Number(number) * UNITS[name], 0);
const textOf = (parts: readonly (readonly [string, string])[]): string => parts.flat().join("");

describe("a time", () => {
  test.each([
    ["0", 0],
    ["0s", 0],
    ["500ms", 500],
    ["5s", 5_000],
    ["1m30s", 90_000],
    ["1h2m3s4ms", 3_723_004],
    ["30s1m", 90_000],
    ["1.5s", 1_500],
    ["1.5h", 5_400_000],
    ["1.s", 1_000],
    [".5s", 500],
    ["1000us", 1],
    ["1000\u00b5s", 1],
    ["1000\u03bcs", 1],
    ["2000000ns", 2],
  ])("is read, with seconds and without: %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
    expect(parseDurationOrSeconds(text)).toBe(ms);
  });

  test.each([
    ...[
      "",
      "s",
      ".s",
      ".",
      "1d",
      "1s2",
      "-1s",
      "+1s",
      "1 s",
      " 1s",
      "5 s",
      "1e3s",
      "1e3",
      "1,5s",
      "1S",
      "Infinity",
      "0x5",
    ],
    ...["9".repeat(100), `${"9".repeat(400)}h`, "2562048h"],
  ])("is not %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
    expect(parseDurationOrSeconds(text)).toBeUndefined();
  });

  test.each([
    ["2", 2_000],
    ["7.5", 7_500],
    ["007", 7_000],
  ])("may be a number of seconds only where that is said: %s", (text, ms) => {
    expect(parseDuration(text)).toBeUndefined();
    expect(parseDurationOrSeconds(text)).toBe(ms);
  });

  test("is the sum of its parts, unless that is longer than Go can count", () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        const sum = sumOf(parts);
        expect(parseDuration(textOf(parts))).toBe(sum < 2 ** 63 / 1e6 ? sum : undefined);
      }),
    );
  });

  test("is the longer the more is said", () => {
    fc.assert(
      fc.property(fc.nat(999_999), fc.nat(999_999), unit, part, (a, b, name, more) => {
        const [ofA = NaN, ofB = NaN] = [parseDuration(`${a}${name}`), parseDuration(`${b}${name}`)];
        expect(Math.sign(ofA - ofB)).toBe(Math.sign(a - b));
        expect(parseDuration(`${a}${name}${textOf([more])}`)).toBeGreaterThanOrEqual(ofA);
      }),
    );
  });

  test("is read as what it was when it was written", () => {
    fc.assert(
      fc.property(fc.nat(), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
        expect(formatDuration(ms)).toMatch(/^\d+(ms|s)$/);
      }),
    );
  });
});

describe("what was a time in one place is the same time", () => {
  test("in a setting: one number with one unit, or seconds, with blanks around it", () => {
    const word = fc.tuple(decimal, fc.constantFrom("ms", "s", "m", "h", "" as const));
    fc.assert(
      fc.property(word, fc.constantFrom("", " ", "\t"), ([number, name], blank) => {
        const ms = Number(number) * UNITS[name === "" ? "s" : name];
        const read = () => resolveSettings({ flags: { resync: `${blank}${number}${name}${blank}` }, env: {} }).resync;
        if (ms >= 1_000) expect(read()).toBe(ms);
        else expect(read).toThrow("--resync: must be at least 1s");
      }),
    );
  });

  test("in a label: several numbers with units, or seconds, in whole milliseconds", () => {
    const parts = fc.array(fc.tuple(decimal, fc.constantFrom("ms", "s", "m", "h" as const)), {
      minLength: 1,
      maxLength: 2,
    });
    fc.assert(
      fc.property(fc.oneof(parts, fc.nat(3_600)), (said) => {
        const ms = typeof said === "number" ? said * 1_000 : Math.round(sumOf(said));
        const delay = typeof said === "number" ? `${said}` : textOf(said);
        const config = readLabels(container("web1", { labels: { "hecd.drain-delay": delay } }), context.compat);
        if (ms <= 3_600_000) expect(config).toMatchObject({ drainDelayMs: ms });
        else expect(config).toMatchObject({ reason: "invalid-label" });
      }),
    );
  });
});

describe("1m30s is a time", () => {
  test("for a flag, a variable and a file of settings", () => {
    expect(resolveSettings({ flags: { ttl: "1m30s" }, env: {} }).ttl).toBe(90_000);
    expect(resolveSettings({ flags: {}, env: { HECD_TTL: "1m30s" } }).ttl).toBe(90_000);
    const file = { path: "hecd.toml", text: 'ttl = "1m30s"\nresync = 90\nwait = 1.5' };
    expect(resolveSettings({ flags: {}, env: {}, file })).toMatchObject({ ttl: 90_000, resync: 90_000, wait: 1_500 });
  });

  test("for a label, and a label of 41 letters is none", () => {
    const read = (delay: string) =>
      readLabels(container("web1", { labels: { "hecd.drain-delay": delay } }), context.compat);
    expect(read("1m30s")).toMatchObject({ drainDelayMs: 90_000 });
    expect(read("1s".repeat(20))).toMatchObject({ drainDelayMs: 20_000 });
    expect(read("1s".repeat(100))).toMatchObject({ reason: "invalid-label" });
    expect(read(`${"1s".repeat(20)}.`)).toMatchObject({ reason: "invalid-label" });
  });

  test("for a resource, which takes no number without a unit", () => {
    const read = (interval: string) =>
      parseResource("a.toml", `[template]\nsrc = "s"\ndest = "/d"\nkeys = ["/k"]\nmin_reload_interval = ${interval}\n`);
    expect(read('"1m30s"')).toMatchObject({ resource: { minReloadIntervalMs: 90_000 } });
    expect(read('"90"')).toMatchObject({ problems: [expect.stringContaining("min_reload_interval: must be a time")] });
    expect(read("90")).toMatchObject({ problems: [expect.stringContaining("min_reload_interval: must be a time")] });
  });

  test("for a flag of confd, which takes no number without a unit, as Go does not", () => {
    const given = (debounce: string) => parseCommandLine(["-watch", "-debounce", debounce]);
    expect(given("1m30s")).toMatchObject({
      given: new Map<string, unknown>([
        ["watch", true],
        ["debounce", 90_000],
      ]),
    });
    expect(given("90")).toMatchObject({ problem: 'invalid value "90" for flag -debounce: parse error' });
  });
});
