import type { Bytes } from "../go-values/bytes.js";
import { GoError } from "../go-values/errors.js";
import { type GoType, type GoValue, INT, intOf, List, type Method, STRING, TypedInt } from "../go-values/values.js";
import { MONTHS, WEEKDAYS } from "./calendar.js";
import { DURATION, durationOf, INT64, nanosecondsOf, SECOND } from "./duration.js";
import { binaryOf, BYTES, byteSlice, sourceText, standardText } from "./encoded.js";
import { Time } from "./time.js";
import { type Instant, LOCATION, Location, UTC } from "./zone.js";

/** The type time.Time, with every method that Go's has. */
const TIME: GoType = {
  name: "time.Time",
  kind: "struct",
  text: (self) => onTime(self, timeText),
  source: (self) => onTime(self, sourceText),
  hiddenFields: ["wall", "ext", "loc"],
  get methods() {
    return METHODS;
  },
};

/** A moment as a value, seen from a place, on a machine that is at `here`. */
export function timeOf(
  { unixNanoseconds, runningNanoseconds: running }: Instant,
  place: Location,
  here: Location = place,
): Time {
  const seconds = unixNanoseconds / SECOND - (unixNanoseconds % SECOND < 0n ? 1n : 0n);
  return new Time({ type: TIME, seconds, nanosecond: unixNanoseconds - seconds * SECOND, running, place, here });
}

const MONTH = namedNumbers("time.Month", (month) => MONTHS[month - 1] ?? `%!Month(${month})`);
const WEEKDAY = namedNumbers("time.Weekday", (day) => WEEKDAYS[day] ?? `%!Weekday(${day})`);

const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ["Add", onDuration((time, by) => time.add(by))],
  ["AddDate", method([INT, INT, INT], (time, [years, months, days]) => time.later(int(years), int(months), int(days)))],
  ["After", onOther((time, other) => time.compare(other) > 0)],
  ["AppendBinary", method([BYTES], (time, [before]) => appended(before, binaryOf(time)))],
  ["AppendFormat", method([BYTES, STRING], (time, [before, layout]) => appended(before, time.format(word(layout))))],
  ["AppendText", method([BYTES], (time, [before]) => appended(before, standardText(time, "AppendText")))],
  ["Before", onOther((time, other) => time.compare(other) < 0)],
  ["Clock", several(3)],
  ["Compare", onOther((time, other) => time.compare(other))],
  ["Date", several(3)],
  ["Day", getter(({ wall }) => wall.day)],
  ["Equal", onOther((time, other) => time.compare(other) === 0)],
  ["Format", method([STRING], (time, [layout]) => time.format(word(layout)))],
  ["GoString", getter(sourceText)],
  ["GobEncode", getter((time) => byteSlice(binaryOf(time)))],
  ["Hour", getter(({ wall }) => wall.hour)],
  ["ISOWeek", several(2)],
  ["In", method([LOCATION], (time, [place]) => time.at(placeOf(place)))],
  ["IsDST", getter(({ zone }) => zone.isDst === true)],
  ["IsZero", getter(({ sinceYearOne, nanosecond }) => sinceYearOne === 0n && nanosecond === 0n)],
  ["Location", getter(({ place }) => place)],
  ["Local", getter((time) => time.at(time.here))],
  ["MarshalBinary", getter((time) => byteSlice(binaryOf(time)))],
  ["MarshalJSON", getter((time) => byteSlice(`"${standardText(time, "MarshalJSON")}"`))],
  ["MarshalText", getter((time) => byteSlice(standardText(time, "MarshalText")))],
  ["Minute", getter(({ wall }) => wall.minute)],
  ["Month", getter(({ wall }) => new TypedInt(MONTH, wall.month))],
  ["Nanosecond", getter(({ nanosecond }) => Number(nanosecond))],
  ["Round", onDuration((time, unit) => time.round(unit))],
  ["Second", getter(({ wall }) => wall.second)],
  ["String", getter(timeText)],
  ["Sub", onOther((time, other) => durationOf(time.since(other)))],
  ["Truncate", onDuration((time, unit) => time.truncate(unit))],
  ["UTC", getter((time) => time.at(UTC))],
  ["Unix", getter(({ seconds }) => long(seconds))],
  ["UnixMicro", getter(({ seconds, nanosecond }) => long(seconds * 1_000_000n + nanosecond / 1_000n))],
  ["UnixMilli", getter(({ seconds, nanosecond }) => long(seconds * 1_000n + nanosecond / 1_000_000n))],
  ["UnixNano", getter(({ seconds, nanosecond }) => long(seconds * SECOND + nanosecond))],
  ["Weekday", getter(({ wall }) => new TypedInt(WEEKDAY, wall.weekday))],
  ["Year", getter(({ wall }) => intOf(wall.year))],
  ["YearDay", getter(({ wall }) => wall.yearDay)],
  ["Zone", several(2)],
  ["ZoneBounds", several(2)],
]);

/** As `{{datetime}}` prints it: with the time since the program began, so that no two renderings are alike. */
function timeText(time: Time): Bytes {
  const { running } = time;
  const text = time.format("2006-01-02 15:04:05.999999999 -0700 MST");
  if (running === undefined) return text;
  const size = running < 0n ? -running : running;
  const seconds = `${size / SECOND}.${(size % SECOND).toString().padStart(9, "0")}`;
  return `${text} m=${running < 0n ? "-" : "+"}${seconds}`;
}

function method(params: readonly GoType[], call: (time: Time, args: readonly GoValue[]) => GoValue): Method {
  return { params, call: (self, args) => onTime(self, (time) => call(time, args)) };
}

function getter(get: (time: Time) => GoValue): Method {
  return method([], get);
}

/** A method that gives so many values, with which templates can do nothing. */
function several(results: number): Method {
  return { params: [], results, call: () => undefined };
}

function onDuration(move: (time: Time, by: bigint) => GoValue): Method {
  return method([DURATION], (time, [by]) => move(time, nanosecondsOf(by)));
}

function onOther(compare: (time: Time, other: Time) => GoValue): Method {
  return method([TIME], (time, [other]) => onTime(other, (one) => compare(time, one)));
}

/** A method is only ever called on a value of its own type, and gets what it asked for. */
function onTime<T extends GoValue>(self: GoValue, get: (time: Time) => T): T {
  if (!(self instanceof Time)) throw new TypeError("a method of time.Time was called on another type");
  return get(self);
}

function placeOf(value: GoValue): Location {
  if (!(value instanceof Location)) throw new GoError("time: missing Location in call to Time.In");
  return value;
}

function appended(before: GoValue, text: Bytes): List {
  return new List(BYTES, [...(before instanceof List ? before.items : []), ...byteSlice(text).items]);
}

function word(value: GoValue): Bytes {
  return typeof value === "string" ? value : "";
}

function int(value: GoValue): bigint {
  return typeof value === "number" || typeof value === "bigint" ? BigInt(value) : 0n;
}

function long(value: bigint): TypedInt {
  return new TypedInt(INT64, intOf(value));
}

/** A type of integers that print as names. */
function namedNumbers(name: string, nameOf: (number: number) => string): GoType {
  const text = (self: GoValue): Bytes => (self instanceof TypedInt ? nameOf(Number(self.value)) : "");
  return { name, kind: "int", text, methods: new Map([["String", { params: [], call: text }]]) };
}
