import { readFileSync, statSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { reasonOf } from "../../errors.js";
import { type Clock, wallTime } from "../../flow/clock.js";
import type { TemplateWorld } from "../../template/functions/world.js";
import { Location, type Zone } from "../../template/time/zone.js";
import { codeOf } from "../files/errno.js";
import { NameLookups } from "../host/name-lookups.js";

/** The machine as templates may ask it; their folder is where `include` finds others, and `TZ` of `env` the place's name. */
export function templateWorld(
  templates: string,
  clock: Clock,
  { TZ: zone = "Local" }: Readonly<Record<string, string | undefined>>,
): TemplateWorld {
  const names = new NameLookups(clock);
  const begunAt = clock.now();
  return {
    now: () => ({
      unixNanoseconds: BigInt(wallTime().getTime()) * 1_000_000n,
      runningNanoseconds: BigInt(Math.round((clock.now() - begunAt) * 1_000_000)),
    }),
    here: new Location(zone.replace(/^:/, "") || "UTC", zoneAt, true),
    hostname,
    addressesOf: (name) => (networkInterfaces()[name] ?? []).map(({ address }) => address),
    seeFile,
    lookupHost: (name) => names.host(name),
    lookupService: (service, proto, name) =>
      names.service(service === "" && proto === "" ? name : `_${service}._${proto}.${name}`),
    readTemplate(path) {
      try {
        return { text: readFileSync(join(templates, path), "utf8") };
      } catch (error) {
        return { problem: reasonOf(error) };
      }
    },
  };
}

/** Beyond these moments, in seconds, a Date knows nothing. */
const FARTHEST = 8.64e12;

/** Local time's zone at a moment. Where there is no short name the offset is one, as the tz database has it by now. */
function zoneAt(unixSeconds: number): Zone {
  const date = new Date(Math.max(-FARTHEST, Math.min(FARTHEST, unixSeconds)) * 1_000);
  const minutes = -date.getTimezoneOffset();
  const names = ["en-US", "en-GB"].map((locale) => nameIn(date, locale, "short"));
  return {
    name: names.find((name) => /^[A-Z]{3,5}$/.test(name)) ?? nameOfOffset(minutes),
    offsetSeconds: minutes * 60,
    isDst: /Summer|Daylight/.test(nameIn(date, "en-US", "long")),
  };
}

/** `+03`, `-0330` */
function nameOfOffset(minutes: number): string {
  const size = Math.abs(minutes);
  const parts = size % 60 === 0 ? [size / 60] : [Math.trunc(size / 60), size % 60];
  return (minutes < 0 ? "-" : "+") + parts.map((part) => String(part).padStart(2, "0")).join("");
}

function nameIn(date: Date, locale: string, timeZoneName: "short" | "long"): string {
  const parts = new Intl.DateTimeFormat(locale, { timeZoneName }).formatToParts(date);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
}

function seeFile(path: string): "there" | "missing" | "unknown" {
  try {
    statSync(path);
    return "there";
  } catch (error) {
    return codeOf(error) === "ENOENT" ? "missing" : "unknown"; // `throwIfNoEntry` has ENOTDIR mean absence in Node 24
  }
}
