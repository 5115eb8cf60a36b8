import { readFileSync, statSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { reasonOf } from "../../errors.js";
import { type Clock, wallTime } from "../../flow/clock.js";
import type { TemplateWorld, Zone } from "../../template/functions/world.js";
import { codeOf } from "../files/errno.js";
import { NameLookups } from "../host/name-lookups.js";

/** The machine as templates may ask it; their folder is where `include` finds others. */
export function templateWorld(templates: string, clock: Clock): TemplateWorld {
  const names = new NameLookups(clock);
  const begunAt = clock.now();
  return {
    now: () => ({
      unixNanoseconds: BigInt(wallTime().getTime()) * 1_000_000n,
      runningNanoseconds: BigInt(Math.round((clock.now() - begunAt) * 1_000_000)),
    }),
    zoneAt: (unixSeconds) => zoneAt(new Date(unixSeconds * 1_000)),
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

/** Local time's zone at a moment. Where there is no short name the offset is one, as the tz database has it by now. */
function zoneAt(date: Date): Zone {
  const minutes = -date.getTimezoneOffset();
  const names = ["en-US", "en-GB"].map((locale) => shortName(date, locale));
  return {
    name: names.find((name) => /^[A-Z]{3,5}$/.test(name)) ?? nameOfOffset(minutes),
    offsetSeconds: minutes * 60,
  };
}

/** `+03`, `-0330` */
function nameOfOffset(minutes: number): string {
  const size = Math.abs(minutes);
  const parts = size % 60 === 0 ? [size / 60] : [Math.trunc(size / 60), size % 60];
  return (minutes < 0 ? "-" : "+") + parts.map((part) => String(part).padStart(2, "0")).join("");
}

function shortName(date: Date, locale: string): string {
  const parts = new Intl.DateTimeFormat(locale, { timeZoneName: "short" }).formatToParts(date);
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
