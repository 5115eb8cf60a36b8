import { z } from "zod";
import { NAME, WORD } from "../text/patterns.js";
import { STEERING } from "./keys.js";

/** What one key below `/hecd/v1/steering/<service>` says, whoever has written it. */
type SteeringWord =
  /** Servers with this tag alone get new work; all do where there is none. */
  | { readonly kind: "only"; readonly tag: string | undefined }
  /** What `hecd switch --back` goes back to; to servers it means nothing. */
  | { readonly kind: "only-before"; readonly tag: string | undefined }
  /** Servers with this tag get so many percent of the work of their service. */
  | { readonly kind: "share"; readonly tag: string; readonly percent: number }
  /** Whether the service is in maintenance. */
  | { readonly kind: "maintenance"; readonly isOn: boolean }
  /** The weight of a server, whatever its record says; 0 to 256. */
  | { readonly kind: "weight"; readonly server: string; readonly weight: number }
  /** Whether a server serves only while all others are down, whatever its record says. */
  | { readonly kind: "backup"; readonly server: string; readonly isBackup: boolean };

/** A key of steering that has been read. */
export interface SteeringKey {
  readonly key: string;
  readonly service: string;
  readonly says: SteeringWord;
}

/** Means all servers, where a tag is expected. */
export const ALL_SERVERS = "*";

/** A line feed at the end is that of an editor or of `echo`. */
const text = z
  .string()
  .max(256)
  .transform((value) => value.trim());
const tag = text.pipe(z.string().regex(WORD));
const tagOrAll = z.union([
  text.pipe(z.literal(ALL_SERVERS)).transform(() => undefined),
  tag.transform((value): string | undefined => value),
]);
const yesOrNo = text.pipe(z.enum(["true", "false"])).transform((value) => value === "true");
const weight = text.pipe(z.string().regex(/^\d{1,3}$/)).transform(Number);
const percent = text.pipe(z.string().regex(/^\d{1,3}(\.\d{1,2})?$/)).transform(Number);

/** A server by its container's name, or by the name that HAProxy has for it: `web-1:10.0.0.5:8080`. */
const SERVER = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}(:[0-9a-fA-F.:]{2,45}:[0-9]{1,5})?$/;

/** Reads a key below `/hecd/v1/steering`; one that does not fit is refused with the reason. */
export function parseSteering(key: string, value: string): SteeringKey | { readonly refused: string } {
  const [service = "", kind = "", ...more] = key.slice(STEERING.length + 1).split("/");
  const of = more.join("/");
  if (!NAME.test(service)) return { refused: `not of the form ${STEERING}/<service>/<what>` };
  const says = wordOf(kind, of, value);
  return typeof says === "string" ? { refused: says } : { key, service, says };
}

function wordOf(kind: string, of: string, value: string): SteeringWord | string {
  switch (kind) {
    case "only":
    case "only-before": {
      if (of !== "") return UNKNOWN;
      const read = tagOrAll.safeParse(value);
      return read.success ? { kind, tag: read.data } : `the value is not a tag, nor ${ALL_SERVERS} for all servers`;
    }
    case "maintenance": {
      if (of !== "") return UNKNOWN;
      const read = yesOrNo.safeParse(value);
      return read.success ? { kind, isOn: read.data } : NOT_YES_OR_NO;
    }
    case "share": {
      if (!WORD.test(of)) return "what follows share/ is not a tag";
      const read = percent.safeParse(value);
      return read.success && read.data <= 100
        ? { kind, tag: of, percent: read.data }
        : "the value is not a number of percent, 0 to 100";
    }
    case "weight": {
      if (!SERVER.test(of)) return "what follows weight/ is not the name of a server";
      const read = weight.safeParse(value);
      return read.success && read.data <= 256
        ? { kind, server: of, weight: read.data }
        : "the value is not a weight, 0 to 256";
    }
    case "backup": {
      if (!SERVER.test(of)) return "what follows backup/ is not the name of a server";
      const read = yesOrNo.safeParse(value);
      return read.success ? { kind, server: of, isBackup: read.data } : NOT_YES_OR_NO;
    }
    default:
      return UNKNOWN;
  }
}

const UNKNOWN = "steering knows only, share/<tag>, maintenance, weight/<server> and backup/<server>";
const NOT_YES_OR_NO = "the value is neither true nor false";
