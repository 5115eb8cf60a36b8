import type { Bytes } from "../go-values/bytes.js";
import { MONTHS, type WallTime, WEEKDAYS } from "./calendar.js";
import type { Zone } from "./zone.js";

/** The elements of a layout; where one begins like another, the longer comes first. */
const ELEMENT =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|01|002|02|03|04|05|06|15|__2|_2(?!006)|1|2|3|4|5|PM|pm|(?:Z|-)07(?::00:00|0000|:00|00)?|[.,](?:0+|9+)(?![0-9])/g;

/** Go's Time.Format: a layout shows how Mon Jan 2 15:04:05 -0700 MST 2006 would be written. */
export function formatTime(
  layout: Bytes,
  wall: WallTime,
  nanosecond: number,
  zone: Pick<Zone, "name" | "offsetSeconds">,
): Bytes {
  return layout.replace(ELEMENT, (element) => {
    const plain = PLAIN.get(element);
    if (plain !== undefined) return plain(wall);
    if (element === "MST") return zone.name === "" ? formatOffset("-0700", zone.offsetSeconds) : zone.name;
    if (/^[Z-]/.test(element)) return formatOffset(element, zone.offsetSeconds);
    return formatFraction(element, nanosecond);
  });
}

const PLAIN: ReadonlyMap<string, (wall: WallTime) => string> = new Map<string, (wall: WallTime) => string>([
  ["January", ({ month }) => MONTHS[month - 1] ?? ""],
  ["Jan", ({ month }) => (MONTHS[month - 1] ?? "").slice(0, 3)],
  ["1", ({ month }) => String(month)],
  ["01", ({ month }) => padded(month, 2)],
  ["Monday", ({ weekday }) => WEEKDAYS[weekday] ?? ""],
  ["Mon", ({ weekday }) => (WEEKDAYS[weekday] ?? "").slice(0, 3)],
  ["2", ({ day }) => String(day)],
  ["_2", ({ day }) => padded(day, 2, " ")],
  ["02", ({ day }) => padded(day, 2)],
  ["__2", ({ yearDay }) => padded(yearDay, 3, " ")],
  ["002", ({ yearDay }) => padded(yearDay, 3)],
  ["15", ({ hour }) => padded(hour, 2)],
  ["3", (wall) => String(onTwelve(wall))],
  ["03", (wall) => padded(onTwelve(wall), 2)],
  ["4", ({ minute }) => String(minute)],
  ["04", ({ minute }) => padded(minute, 2)],
  ["5", ({ second }) => String(second)],
  ["05", ({ second }) => padded(second, 2)],
  ["2006", ({ year }) => (year < 0 ? "-" : "") + padded(Math.abs(year), 4)],
  ["06", ({ year }) => padded(Math.abs(year) % 100, 2)],
  ["PM", ({ hour }) => (hour < 12 ? "AM" : "PM")],
  ["pm", ({ hour }) => (hour < 12 ? "am" : "pm")],
]);

function onTwelve({ hour }: WallTime): number {
  return hour % 12 || 12;
}

function padded(number: number, width: number, filling = "0"): string {
  return String(number).padStart(width, filling);
}

/** As in `-07:00`; with a Z in front, UTC is that letter alone. */
function formatOffset(element: string, offsetSeconds: number): string {
  if (element.startsWith("Z") && offsetSeconds === 0) return "Z";
  const size = Math.abs(offsetSeconds);
  const parts = [size / 3600, (size / 60) % 60, size % 60].map((part) => padded(Math.trunc(part), 2));
  const colon = element.includes(":") ? ":" : "";
  const shown = element.replace(/[^0-9]/g, "").length / 2;
  // Go looks at whole minutes.
  return (offsetSeconds <= -60 ? "-" : "+") + parts.slice(0, shown).join(colon);
}

/** As in `.000`, with all its digits, or `.999`, without zeros at the end and then perhaps without anything. */
function formatFraction(element: string, nanosecond: number): string {
  const digits = padded(nanosecond, 9)
    .slice(0, element.length - 1)
    .padEnd(element.length - 1, "0");
  if (element.endsWith("0")) return element.charAt(0) + digits;
  const short = digits.replace(/0+$/, "");
  return short === "" ? "" : element.charAt(0) + short;
}
