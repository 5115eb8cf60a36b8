import { bytesOf, type Bytes } from "../go-values/bytes.js";
import { type GoType, Struct } from "../go-values/values.js";
import { floorDivide, int64, secondsOf, type WallTime, wallTimeOf } from "./calendar.js";
import { bounded, isLessThanHalf, SECOND } from "./duration.js";
import { formatTime } from "./layout.js";
import type { Location, Zone } from "./zone.js";

/** From the year 1 until 1970, in seconds. */
const YEAR_ONE_UNTIL_1970 = 62_135_596_800n;

/** What a time is made of. */
interface TimeParts {
  readonly type: GoType;
  /** Since 1970, in 64 bits. */
  readonly seconds: bigint;
  readonly nanosecond: bigint;
  /** Since the program began; gone as soon as a time is seen from elsewhere or moved by the calendar. */
  readonly running?: bigint | undefined;
  readonly place: Location;
  /** Where this machine is. */
  readonly here: Location;
}

/** A time.Time of Go: a moment, seen from a place, in the range and with the arithmetic of Go's. */
export class Time extends Struct {
  readonly seconds: bigint;
  readonly nanosecond: bigint;
  readonly running: bigint | undefined;
  readonly place: Location;
  readonly here: Location;

  constructor({ type, seconds, nanosecond, running, place, here }: TimeParts) {
    super(type, []);
    this.seconds = seconds;
    this.nanosecond = nanosecond;
    this.running = running;
    this.place = place;
    this.here = here;
  }

  /** Its zone. */
  get zone(): Zone {
    return this.place.zoneAt(Number(this.seconds));
  }

  /** What a wall at its place shows. */
  get wall(): WallTime {
    return wallTimeOf(this.seconds + BigInt(this.zone.offsetSeconds));
  }

  /** Seconds since the year 1, as Go counts them within. */
  get sinceYearOne(): bigint {
    return int64(this.seconds + YEAR_ONE_UNTIL_1970);
  }

  format(layout: Bytes): Bytes {
    const { name, offsetSeconds } = this.zone;
    return formatTime(layout, this.wall, Number(this.nanosecond), { name: bytesOf(name), offsetSeconds });
  }

  /** The same moment, seen from elsewhere. */
  at(place: Location): Time {
    return this.#moved({ place });
  }

  /** So many nanoseconds later. */
  add(nanoseconds: bigint): Time {
    const over = this.nanosecond + (nanoseconds % SECOND);
    const carry = floorDivide(over, SECOND);
    const moved = this.#moved({
      seconds: secondsLater(this, nanoseconds / SECOND + carry),
      nanosecond: over - carry * SECOND,
    });
    const running = this.running === undefined ? undefined : this.running + nanoseconds;
    const isKept = running !== undefined && int64(running) === running && isBesideClock(moved.seconds);
    return isKept ? moved.#moved({ running }) : moved;
  }

  /** How much later it is than another, in nanoseconds, as far as a Duration goes. */
  since(other: Time): bigint {
    if (this.running !== undefined && other.running !== undefined) return bounded(this.running - other.running);
    return bounded((this.sinceYearOne - other.sinceYearOne) * SECOND + this.nanosecond - other.nanosecond);
  }

  /** Less than 0 when it is before another, more when it is after. */
  compare(other: Time): number {
    if (this.running !== undefined && other.running !== undefined) return order(this.running, other.running);
    return order(this.sinceYearOne, other.sinceYearOne) || order(this.nanosecond, other.nanosecond);
  }

  /** The last moment not after it that is a whole number of `unit` from the year 1. */
  truncate(unit: bigint): Time {
    return unit <= 0n ? this.#moved({}) : this.#moved({}).add(-this.#rest(unit));
  }

  /** The moment nearest to it that is a whole number of `unit` from the year 1; the later of two. */
  round(unit: bigint): Time {
    if (unit <= 0n) return this.#moved({});
    const rest = this.#rest(unit);
    return this.#moved({}).add(isLessThanHalf(rest, unit) ? -rest : unit - rest);
  }

  /** The same time of day so many years, months and days later; days that a month does not have run into the next. */
  later(years: bigint, months: bigint, days: bigint): Time {
    const { year, month, day, hour, minute, second } = this.wall;
    const date = {
      year: int64(BigInt(year) + years),
      month: int64(BigInt(month) + months),
      day: int64(BigInt(day) + days),
    };
    const onWall = secondsOf(date, (hour * 60 + minute) * 60 + second);
    const offset = BigInt(this.place.zoneAt(Number(onWall)).offsetSeconds);
    const guess = int64(onWall - offset);
    // Near a change of the clocks the zone of the time that came out is the one that counts.
    const offsetThere = offset === 0n ? 0n : BigInt(this.place.zoneAt(Number(guess)).offsetSeconds);
    return this.#moved({ seconds: int64(onWall - offsetThere) });
  }

  #rest(unit: bigint): bigint {
    const total = this.sinceYearOne * SECOND + this.nanosecond;
    return total - floorDivide(total, unit) * unit;
  }

  /** Another time, which has no reading of the running clock unless it is given one. */
  #moved(parts: Partial<TimeParts>): Time {
    const { type, seconds, nanosecond, place, here } = this;
    return new Time({ type, seconds, nanosecond, place, here, ...parts });
  }
}

/** The most seconds since the year 1 that Go counts. */
const LAST_SECOND = 2n ** 63n - 1n;

/** Seconds later, in the time of Go, which stays where it would leave its 64 bits. */
function secondsLater({ sinceYearOne }: Time, more: bigint): bigint {
  const sum = int64(sinceYearOne + more);
  const counted = sum > sinceYearOne === more > 0n ? sum : more > 0n ? LAST_SECOND : -LAST_SECOND;
  return int64(counted - YEAR_ONE_UNTIL_1970);
}

/** From 1885 on Go keeps a reading of the running clock beside a time, for as many seconds as fit into 33 bits. */
const YEAR_1885 = -2_682_288_000n;

function isBesideClock(seconds: bigint): boolean {
  return seconds >= YEAR_1885 && seconds - YEAR_1885 < 2n ** 33n;
}

function order(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
