import fc from "fast-check";
import type { Case } from "./engine.js";

type Words = fc.Arbitrary<string>;

/** How far the times of some cases may be away. */
interface Reach {
  /** Seconds since 1970 of times of the clock. */
  readonly clock: Words;
  readonly nanoseconds: fc.Arbitrary<bigint>;
  /** Years, months and days. */
  readonly date: Words;
}

/**
 * Expressions over times and durations made by chance: every method, what methods give, and what cannot be called.
 *
 * `near` keeps them to the years in which this machine knows the names and seconds of every place as Go does.
 */
export function timeCasesOf(seed: number, count: number, isNear: boolean): readonly Case[] {
  const reach = isNear ? NEAR : FAR;
  const anyTime = (): Words => timeIn(reach);
  const cases = fc.oneof(
    shown(fc.oneof(anyTime(), plainOf(anyTime())), ["%v", "%s", "%q", "%x", "%#v", "%T", "%.7s|"]),
    shown(moved(anyTime(), fc.constant("Location")), ["%v", "%s", "%q", "%T", "%8s|"]),
    shown(numberOf(anyTime()), ["%v", "%d", "%x", "%T", "%s", "%q", "%#v", "%5v|"]),
    shown(fc.oneof(anyDuration(anyTime), plainOfDuration(anyTime)), ["%v", "%d", "%s", "%T", "%#v", "%8v|"]),
    shown(bytesOfTime(anyTime), ["%v", "%s", "%x", "%X", "% x", "%q", "%T", "%d", "%#x"]),
    fc.oneof(anyTime(), plainOf(anyTime()), numberOf(anyTime()), bytesOfTime(anyTime)).map((call) => `{{${call}}}`),
    refused(reach),
  );
  return fc.sample(
    cases.map((template) => ({ template, store: {} })),
    { seed, numRuns: count },
  );
}

function shown(call: Words, formats: readonly string[]): Words {
  return fc.tuple(fc.constantFrom(...formats), call).map(([format, words]) => `{{printf "${format}" (${words})}}`);
}

const near = (unit: bigint, most: number): fc.Arbitrary<bigint> =>
  fc
    .tuple(fc.integer({ min: -most, max: most }).map(BigInt), fc.integer({ min: -2, max: 2 }).map(BigInt))
    .map(([times, more]) => times * unit + more);

const NANOSECONDS = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.integer({ min: -5_000, max: 5_000 }).map(BigInt),
  fc
    .tuple(
      fc.integer({ min: -50, max: 50 }).map(BigInt),
      fc.constantFrom(1n, 1_000n, 1_000_000n, 10n ** 9n, 6n * 10n ** 10n, 36n * 10n ** 11n),
      fc.integer({ min: -2, max: 2 }).map(BigInt),
    )
    .map(([times, unit, more]) => times * unit + more),
  fc.constantFrom(0n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 63n) + 1n),
);

const NEAR: Reach = {
  clock: fc.integer({ min: 500_000_000, max: 1_900_000_000 }).map(String),
  nanoseconds: fc.oneof(
    ...[1n, 1_000n, 10n ** 6n, 10n ** 9n, 36n * 10n ** 11n].map((unit) => near(unit, 9_000)),
    near(86_400n * 10n ** 9n, 1_000),
  ),
  date: fc
    .tuple(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -20, max: 20 }), fc.integer({ min: -400, max: 400 }))
    .map((parts) => parts.join(" ")),
};

const int = fc.oneof(fc.integer({ min: -60, max: 60 }), fc.integer({ min: -9_000, max: 9_000 }));
const FAR: Reach = {
  clock: fc.nat(2 ** 31 - 1).map(String),
  nanoseconds: NANOSECONDS,
  date: fc.tuple(int, int, int).map((parts) => parts.join(" ")),
};

function startingTime(reach: Reach): Words {
  const nanos = fc.oneof(fc.nat(999_999_999), fc.constantFrom(0, 120_000_000));
  const zoned = fc
    .tuple(
      fc.oneof(
        fc.integer({ min: -62_135_596_900, max: 253_402_300_899 }),
        // Beyond these a time of Go is no longer one that its calendar knows.
        fc.bigInt({ min: -(2n ** 59n), max: 2n ** 59n }),
        fc.constantFrom(-62_135_596_800, 0, 951_782_400),
      ),
      nanos,
      fc.constantFrom("UTC", "CET", "", "+03"),
      fc.oneof(fc.constantFrom(0, 3600, -19_800, 20_700, -60), fc.integer({ min: -50_000, max: 50_000 })),
    )
    .map(([seconds, nanos, zone, offset]) => `(timeAt ${seconds} ${nanos} "${zone}" ${offset})`);
  const clock = fc
    .tuple(reach.clock, nanos, NANOSECONDS)
    .map(([seconds, nanos, running]) => `(clockAt ${seconds} ${nanos} ${running})`);
  return reach === NEAR ? clock : fc.oneof(zoned, clock);
}

function timeIn(reach: Reach): Words {
  const { nanoseconds, date } = reach;
  const step = fc.oneof(
    nanoseconds.map((by) => `Add ${by}`),
    date.map((by) => `AddDate ${by}`),
    nanoseconds.map((unit) => `Truncate ${unit}`),
    nanoseconds.map((unit) => `Round ${unit}`),
    fc.constantFrom("UTC", "In (clockAt 0 0 0).Location", "In (timeAt 0 0 `X` 60).Location", "Local"),
  );
  const from = fc.oneof(
    { weight: 3, arbitrary: startingTime(reach) },
    { weight: 2, arbitrary: moved(startingTime(reach), step) },
  );
  return fc.oneof(from, moved(from, step));
}

function moved(time: Words, step: Words): Words {
  return fc.tuple(time, step).map(([one, method]) => `(${one}.${method})`);
}

function plainOf(time: Words): Words {
  const plain = fc.constantFrom("IsZero", "IsDST", "String", "GoString", "Location.String");
  const between = fc.constantFrom("After", "Before", "Equal");
  return fc.oneof(
    moved(time, plain),
    fc.tuple(time, between, time).map(([one, method, other]) => `${one}.${method} ${other}`),
    fc.tuple(time, between).map(([one, method]) => `${one}.${method} ${one}`),
    fc.tuple(time, time).map(([one, other]) => `eq ${one}.Location ${other}.Location`),
    time.map((one) => `toJson ${one}`),
  );
}

function numberOf(time: Words): Words {
  const numbers = ["Year", "Month", "Day", "Weekday", "YearDay", "Hour", "Minute", "Second", "Nanosecond"];
  const counts = ["Unix", "UnixMilli", "UnixMicro", "UnixNano", "Month.String", "Weekday.String"];
  return moved(time, fc.constantFrom(...numbers, ...counts));
}

function anyDuration(anyTime: () => Words): Words {
  const nanoseconds = NANOSECONDS;
  const between = fc.tuple(anyTime(), anyTime()).map(([one, other]) => `(${one}.Sub ${other})`);
  const near = fc.tuple(anyTime(), nanoseconds).map(([one, by]) => `((${one}.Add ${by}).Sub ${one})`);
  const plain = nanoseconds.map((count) => `(lasting ${count})`);
  const from = fc.oneof({ weight: 3, arbitrary: plain }, between, near);
  const rounded = fc
    .tuple(from, fc.constantFrom("Round", "Truncate"), nanoseconds)
    .map(([one, method, unit]) => `(${one}.${method} ${unit})`);
  return fc.oneof(from, rounded, from.map((one) => `(${one}.Abs)`)); // prettier-ignore
}

function plainOfDuration(anyTime: () => Words): Words {
  const methods = ["Hours", "Minutes", "Seconds", "Milliseconds", "Microseconds", "Nanoseconds", "String"];
  return moved(anyDuration(anyTime), fc.constantFrom(...methods));
}

function bytesOfTime(anyTime: () => Words): Words {
  const codes = ["MarshalBinary", "MarshalJSON", "MarshalText", "GobEncode", 'AppendFormat nil "Jan 2006"'];
  return fc.oneof(
    moved(anyTime(), fc.constantFrom(...codes)),
    anyTime().map((time) => `${time}.AppendFormat ${time}.MarshalText "|15:04"`),
  );
}

/** What Go refuses, in its words. */
function refused(reach: Reach): Words {
  const calls = fc.constantFrom(
    ...["Zone", "ISOWeek", "Clock", "Date", "ZoneBounds", "Zone 1", "ISOWeek.Year", "Nope", "wall", "ext", "loc"],
    ...["wall 1", "In nil", "In", "In 1", "Add", "Add 1.5", 'Add "1s"', "Add (len `a`)", "AddDate 1 2", "Sub 1"],
    ...["Format", "Format 1", "AppendFormat `a` `b`", "Location.name", "Location.lookup", "Location.Nope", "setLoc"],
    ...["Month.Nope", "UnmarshalText nil", "GobDecode nil", "Truncate nil", "After nil", "Location.String 1"],
  );
  return fc.tuple(startingTime(reach), calls).map(([time, call]) => `{{${time}.${call}}}`);
}
