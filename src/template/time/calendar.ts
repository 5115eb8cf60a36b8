/** A moment on a calendar and clock on the wall. */
export interface WallTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** From Sunday, which is 0. */
  readonly weekday: number;
  /** From 1. */
  readonly yearDay: number;
}

/** The months by their English names. */
export const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;

/** The days of the week by their English names, from Sunday. */
export const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;

/** Days before each month of a year that has no 29th of February. */
const DAYS_BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334] as const;

const DAY = 86_400n;
const DAYS_PER_400_YEARS = 146_097n;

/** The year from which Go counts, divisible by 400 and so far back that every time of 64 bits comes after it. */
const FIRST_YEAR = -292_277_022_399n;

/** From the beginning of that year until 1970, in seconds. */
const UNTIL_1970 = 9_223_372_028_715_321_600n;

/** A whole number as Go keeps it in 64 bits with a sign. */
export function int64(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

function uint64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

/** How a wall shows so many seconds since 1970, at its own place. */
export function wallTimeOf(seconds: bigint): WallTime {
  const since = uint64(seconds + UNTIL_1970);
  const clock = Number(since % DAY);
  const days = since / DAY;
  // The first day of all is a Monday.
  const weekday = Number((days + 1n) % 7n);
  const { year, dayOfYear, isLeap } = yearOf(days);
  const afterFebruary = isLeap && dayOfYear >= 59;
  const plain = afterFebruary && dayOfYear > 59 ? dayOfYear - 1 : dayOfYear;
  const isLeapDay = afterFebruary && dayOfYear === 59;
  const month = isLeapDay ? 2 : DAYS_BEFORE.findLastIndex((before) => before <= plain) + 1;
  return {
    year,
    month,
    day: isLeapDay ? 29 : plain - (DAYS_BEFORE[month - 1] ?? 0) + 1,
    hour: Math.trunc(clock / 3_600),
    minute: Math.trunc(clock / 60) % 60,
    second: clock % 60,
    weekday,
    yearDay: dayOfYear + 1,
  };
}

/** Seconds since 1970 of a date and time of day; days and months beyond the end run into what comes next. */
export function secondsOf(
  date: { readonly year: bigint; readonly month: bigint; readonly day: bigint },
  clock: number,
): bigint {
  const overMonth = int64(date.month - 1n);
  const moreYears = floorDivide(overMonth, 12n);
  const month = Number(overMonth - moreYears * 12n);
  const year = int64(date.year + moreYears);
  const before = BigInt(DAYS_BEFORE[month] ?? 0) + (isLeapYear(year) && month >= 2 ? 1n : 0n);
  const days = daysBefore(year) + before + date.day - 1n;
  return int64(uint64(days) * DAY + BigInt(clock) - UNTIL_1970);
}

/** Division that rounds down. */
export function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value < 0n !== by < 0n && quotient * by !== value ? quotient - 1n : quotient;
}

function yearOf(days: bigint): { readonly year: number; readonly dayOfYear: number; readonly isLeap: boolean } {
  const cycle = days % DAYS_PER_400_YEARS;
  // The last of four centuries, and of four years, is a day longer than the others.
  const century = atMost(3n, cycle / 36_524n);
  const ofCentury = cycle - century * 36_524n;
  const four = ofCentury / 1_461n;
  const ofFour = ofCentury - four * 1_461n;
  const one = atMost(3n, ofFour / 365n);
  const year = (days / DAYS_PER_400_YEARS) * 400n + century * 100n + four * 4n + one + FIRST_YEAR;
  return { year: Number(year), dayOfYear: Number(ofFour - one * 365n), isLeap: isLeapYear(year) };
}

function daysBefore(year: bigint): bigint {
  const years = uint64(year - FIRST_YEAR);
  const [cycles, ofCycle] = [years / 400n, years % 400n];
  const [centuries, ofCentury] = [ofCycle / 100n, ofCycle % 100n];
  return uint64(
    cycles * DAYS_PER_400_YEARS + centuries * 36_524n + (ofCentury / 4n) * 1_461n + (ofCentury % 4n) * 365n,
  );
}

function isLeapYear(year: bigint): boolean {
  return year % 4n === 0n && (year % 100n !== 0n || year % 400n === 0n);
}

function atMost(most: bigint, value: bigint): bigint {
  return value > most ? most : value;
}
