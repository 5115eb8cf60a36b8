import type { Bytes } from "../go-values/bytes.js";
import type { Zone } from "./world.js";

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

/** The elements of a layout; where one begins like another, the longer comes first. */
const ELEMENT =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|01|002|02|03|04|05|06|15|__2|_2(?!006)|1|2|3|4|5|PM|pm|(?:Z|-)07(?::00:00|0000|:00|00)?|[.,](?:0+|9+)(?![0-9])/g;

/**
 * Go's Time.Format: a layout shows how Mon Jan 2 15:04:05 -0700 MST 2006 would be written. `wall` has the time to
 * write on its UTC side, but for the part below a second.
 */
export function formatTime(layout: Bytes, wall: Date, nanosecond: number, zone: Zone): Bytes {
  return layout.replace(ELEMENT, (element) => {
    const plain = PLAIN.get(element);
    if (plain !== undefined) return plain(wall);
    if (element === "MST") return zone.name === "" ? formatOffset("-0700", zone.offsetSeconds) : zone.name;
    if (/^[Z-]/.test(element)) return formatOffset(element, zone.offsetSeconds);
    return formatFraction(element, nanosecond);
  });
}

/** The number of the day in its year, from 1. */
export function dayOfYear(wall: Date): number {
  const start = new Date(wall);
  start.setUTCMonth(0, 1);
  return Math.round((wall.getTime() - start.getTime()) / 86_400_000) + 1;
}

const PLAIN: ReadonlyMap<string, (wall: Date) => string> = new Map<string, (wall: Date) => string>([
  ["January", (wall) => MONTHS[wall.getUTCMonth()] ?? ""],
  ["Jan", (wall) => (MONTHS[wall.getUTCMonth()] ?? "").slice(0, 3)],
  ["1", (wall) => String(wall.getUTCMonth() + 1)],
  ["01", (wall) => padded(wall.getUTCMonth() + 1, 2)],
  ["Monday", (wall) => WEEKDAYS[wall.getUTCDay()] ?? ""],
  ["Mon", (wall) => (WEEKDAYS[wall.getUTCDay()] ?? "").slice(0, 3)],
  ["2", (wall) => String(wall.getUTCDate())],
  ["_2", (wall) => padded(wall.getUTCDate(), 2, " ")],
  ["02", (wall) => padded(wall.getUTCDate(), 2)],
  ["__2", (wall) => padded(dayOfYear(wall), 3, " ")],
  ["002", (wall) => padded(dayOfYear(wall), 3)],
  ["15", (wall) => padded(wall.getUTCHours(), 2)],
  ["3", (wall) => String(onTwelve(wall))],
  ["03", (wall) => padded(onTwelve(wall), 2)],
  ["4", (wall) => String(wall.getUTCMinutes())],
  ["04", (wall) => padded(wall.getUTCMinutes(), 2)],
  ["5", (wall) => String(wall.getUTCSeconds())],
  ["05", (wall) => padded(wall.getUTCSeconds(), 2)],
  ["2006", (wall) => padded(wall.getUTCFullYear(), 4)],
  ["06", (wall) => padded(wall.getUTCFullYear() % 100, 2)],
  ["PM", (wall) => (wall.getUTCHours() < 12 ? "AM" : "PM")],
  ["pm", (wall) => (wall.getUTCHours() < 12 ? "am" : "pm")],
]);

function onTwelve(wall: Date): number {
  return wall.getUTCHours() % 12 || 12;
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
