import { bytesOf, type Bytes } from "../go-values/bytes.js";
import { type GoType, type GoValue, INT, intOf, type Method, STRING, Struct, TypedInt } from "../go-values/values.js";
import { dayOfYear, formatTime, MONTHS, WEEKDAYS } from "./time-layout.js";
import type { Instant, TemplateWorld, Zone } from "./world.js";

const SECOND = 1_000_000_000n;

/** A time.Time of Go: a moment and the zone it is seen from. What Go's templates call on it are its methods. */
export class Time extends Struct {
  readonly moment: Instant;
  readonly zone: Zone;
  readonly #world: TemplateWorld;

  constructor(moment: Instant, zone: Zone, world: TemplateWorld) {
    super(TIME, []);
    this.moment = moment;
    this.zone = zone;
    this.#world = world;
  }

  /** The present in local time. */
  static now(world: TemplateWorld): Time {
    return Time.local(world.now(), world);
  }

  static local(moment: Instant, world: TemplateWorld): Time {
    return new Time(moment, world.zoneAt(Number(floorDivide(moment.unixNanoseconds, SECOND))), world);
  }

  /** Its fields, by a clock and calendar on the wall: those of a Date's UTC side. */
  get wall(): Date {
    return new Date(Number(floorDivide(this.moment.unixNanoseconds, 1_000_000n)) + this.zone.offsetSeconds * 1_000);
  }

  get nanosecond(): number {
    return Number(this.moment.unixNanoseconds - floorDivide(this.moment.unixNanoseconds, SECOND) * SECOND);
  }

  format(layout: Bytes): Bytes {
    return formatTime(layout, this.wall, this.nanosecond, { ...this.zone, name: bytesOf(this.zone.name) });
  }

  utc(): Time {
    return new Time(this.moment, { name: "UTC", offsetSeconds: 0 }, this.#world);
  }

  local(): Time {
    return Time.local(this.moment, this.#world);
  }

  /** The same time of day so many years, months and days later; days that a month does not have run into the next. */
  later(years: number, months: number, days: number): Time {
    const wall = this.wall;
    const moved = new Date(wall);
    moved.setUTCFullYear(wall.getUTCFullYear() + years, wall.getUTCMonth() + months, wall.getUTCDate() + days);
    const by = BigInt(moved.getTime() - wall.getTime()) * 1_000_000n;
    const moment = { ...this.moment, unixNanoseconds: this.moment.unixNanoseconds + by };
    return new Time(moment, this.zone, this.#world);
  }
}

/** As `{{datetime}}` prints it: with the time since the program began, so that no two renderings are alike. */
function timeText(time: Time): Bytes {
  const running = time.moment.runningNanoseconds;
  const text = time.format("2006-01-02 15:04:05.999999999 -0700 MST");
  if (running === undefined) return text;
  const size = running < 0n ? -running : running;
  const seconds = `${size / SECOND}.${(size % SECOND).toString().padStart(9, "0")}`;
  return `${text} m=${running < 0n ? "-" : "+"}${seconds}`;
}

const INT64: GoType = { name: "int64", kind: "int" };
const MONTH = namedNumbers("time.Month", (month) => MONTHS[month - 1] ?? `%!Month(${month})`);
const WEEKDAY = namedNumbers("time.Weekday", (day) => WEEKDAYS[day] ?? `%!Weekday(${day})`);

const TIME: GoType = {
  name: "time.Time",
  kind: "struct",
  text: (self) => onTime(self, timeText),
  methods: new Map<string, Method>([
    ["Format", { params: [STRING], call: (self, [layout]) => onTime(self, (time) => time.format(textOfArg(layout))) }],
    ["String", getter(timeText)],
    ["UTC", getter((time) => time.utc())],
    ["Local", getter((time) => time.local())],
    ["Year", getter(({ wall }) => wall.getUTCFullYear())],
    ["Month", getter(({ wall }) => new TypedInt(MONTH, wall.getUTCMonth() + 1))],
    ["Day", getter(({ wall }) => wall.getUTCDate())],
    ["Weekday", getter(({ wall }) => new TypedInt(WEEKDAY, wall.getUTCDay()))],
    ["YearDay", getter(({ wall }) => dayOfYear(wall))],
    ["Hour", getter(({ wall }) => wall.getUTCHours())],
    ["Minute", getter(({ wall }) => wall.getUTCMinutes())],
    ["Second", getter(({ wall }) => wall.getUTCSeconds())],
    ["Nanosecond", getter(({ nanosecond }) => nanosecond)],
    ["Unix", unix(SECOND)],
    ["UnixMilli", unix(1_000_000n)],
    ["UnixMicro", unix(1_000n)],
    ["UnixNano", unix(1n)],
    ["IsZero", getter(({ moment }) => moment.unixNanoseconds === YEAR_ONE)],
    [
      "AddDate",
      {
        params: [INT, INT, INT],
        call: (self, [years, months, days]) =>
          onTime(self, (time) => time.later(Number(years), Number(months), Number(days))),
      },
    ],
  ]),
};

/** The zero of Go's time. */
const YEAR_ONE = -62_135_596_800n * SECOND;

function unix(unit: bigint): Method {
  return getter(({ moment }) => new TypedInt(INT64, intOf(floorDivide(moment.unixNanoseconds, unit))));
}

function getter(get: (time: Time) => GoValue): Method {
  return { params: [], call: (self) => onTime(self, get) };
}

/** A method is only ever called on a value of its own type. */
function onTime<T extends GoValue>(self: GoValue, get: (time: Time) => T): T {
  if (!(self instanceof Time)) throw new TypeError("a method of time.Time was called on another type");
  return get(self);
}

function textOfArg(value: GoValue): Bytes {
  return typeof value === "string" ? value : "";
}

/** A type of integers that print as names. */
function namedNumbers(name: string, nameOf: (number: number) => string): GoType {
  const text = (self: GoValue): Bytes => (self instanceof TypedInt ? nameOf(Number(self.value)) : "");
  return { name, kind: "int", text, methods: new Map([["String", { params: [], call: text }]]) };
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient;
}
