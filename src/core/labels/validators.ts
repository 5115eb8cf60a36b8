import { z } from "zod";
import { isLinkLocal, isUnspecified } from "../host/advertise.js";
import { formatDuration, parseDurationOrSeconds } from "../text/duration.js";
import { networkRange, statuses } from "../model/instance.js";
import {
  BALANCES,
  CHECK_PATH,
  HEADER_KEY,
  HEADER_TEXT,
  HOST_NAME,
  META_KEY,
  MOST_RANGES,
  NAME,
  PATH_PREFIX,
  PROXY_PROTOCOLS,
  SCHEMES,
  STRIPPED_PATH,
  TEXT,
} from "../text/patterns.js";

/** What the text of a label or variable must be, what it then means, and how to say so to a person. */
export interface Validator<T> {
  readonly schema: z.ZodType<T>;
  readonly words: string;
}

/** How many tags a container may have, and how many things in `meta`. */
export const AT_MOST = 32;

const MINUTE_MS = 60_000;

export const BOOLEAN = validator(z.stringbool({ truthy: ["true"], falsy: ["false"] }), "true or false");
/** As Go reads it, and so traefik. */
export const GO_BOOLEAN = validator(
  z.stringbool({ truthy: ["true", "t", "1"], falsy: ["false", "f", "0"] }),
  "true or false",
);
export const SERVICE_NAME = validator(z.string().regex(NAME), "a name: letters, digits, '_', '.', '-'");
export const SERVICE_NAMES = validator(commaList(z.string().regex(NAME)), "names, separated by commas");
export const PORT = validator(wholeNumber(1, 65_535), "a port of the container, 1 to 65535");
export const LISTENED_PORT = validator(wholeNumber(1, 65_535), "a port of HAProxy, 1 to 65535");
export const IP = validator(
  z.union([z.ipv4(), z.ipv6()]).refine((ip) => !isUnspecified(ip) && !isLinkLocal(ip)),
  "an IP address that others can reach",
);
export const NETWORK = validator(
  z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/),
  "the name of a Docker network",
);
export const WEIGHT = validator(wholeNumber(0, 256), "a whole number, 0 to 256");
export const MAXCONN = validator(wholeNumber(1, 99_999), "a whole number, 1 to 99999");
export const COUNT = validator(wholeNumber(1, 100), "a whole number, 1 to 100");
export const HOSTS = validator(commaList(z.string().regex(HOST_NAME)), "host names, separated by commas");
export const PATHS = validator(commaList(z.string().regex(PATH_PREFIX)), "paths such as /shop, separated by commas");
export const STRIP = validator(z.string().regex(STRIPPED_PATH), "a path such as /shop, without a slash at its end");
export const RANGES = validator(
  z
    .string()
    .transform((text) => text.split(",").map((part) => part.trim()))
    .pipe(z.array(networkRange).min(1).max(MOST_RANGES)),
  `${MOST_RANGES} addresses or networks such as 10.0.0.0/8 at most, separated by commas`,
);
export const PRIORITY = validator(wholeNumber(0, 1_000), "a whole number, 0 to 1000");
export const REDIRECT = validator(
  z
    .string()
    .regex(/^(true|false|[0-9]{1,5})$/)
    .transform((text) => (text === "true" ? 443 : text === "false" ? 0 : Number(text)))
    .pipe(z.int().max(65_535)),
  "true, false or the port of HTTPS",
);
export const REQUESTS = validator(wholeNumber(0, 99_999), "a whole number, 0 to 99999");
export const REQUESTS_PER_TIME = validator(
  z
    .string()
    .regex(/^[1-9][0-9]{0,6}\/.{1,40}$/)
    .transform((text) => ({
      requests: text.slice(0, text.indexOf("/")),
      ms: parseDurationOrSeconds(text.slice(text.indexOf("/") + 1)),
    }))
    .pipe(
      z.object({
        requests: z.string(),
        ms: z
          .number()
          .min(1_000)
          .max(60 * MINUTE_MS),
      }),
    )
    .transform(({ requests, ms }) => `${requests}/${formatDuration(Math.round(ms))}`),
  "requests in a time such as 100/10s, from 1s to 1h",
);
export const USERS_FILE = validator(
  z.string().regex(NAME),
  "the name of a file of users, without its folder: letters, digits, '_', '.', '-'",
);
export const HEADER_NAME = validator(
  z.string().regex(HEADER_KEY),
  "the name of a header, and none that HAProxy itself needs",
);
export const HEADER_VALUE = validator(
  z.string().regex(HEADER_TEXT),
  "printable ASCII text of 512 characters at most, without a blank at its ends",
);
export const STATUSES = validator(statuses, "statuses such as 200-299,404");
export const TAGS = validator(
  z
    .string()
    .transform(splitTags)
    .pipe(z.array(z.string().regex(TEXT).max(128)).max(AT_MOST)),
  `${AT_MOST} printable texts at most, separated by commas`,
);
export const META = validator(z.string().regex(TEXT), "printable text of 512 characters at most");
export const META_NAME = validator(z.string().regex(META_KEY), "letters, digits, '_', '.', '-'");
export const MODE = validator(z.enum(["http", "tcp"]), "http or tcp");
export const SCHEME = validator(z.enum(SCHEMES), "http, https or h2c");
export const PROXY_PROTOCOL = validator(z.enum(PROXY_PROTOCOLS), PROXY_PROTOCOLS.join(" or "));
export const BALANCE = validator(z.enum(BALANCES), BALANCES.join(", "));
export const CHECK_TYPE = validator(z.enum(["tcp", "http", "off"]), "tcp, http or off");
export const CHECKED_HOST = validator(
  z
    .string()
    .regex(HOST_NAME)
    .refine((host) => !host.startsWith("*")),
  "a host name",
);
export const CHECKED_PATH = validator(z.string().regex(CHECK_PATH), "a path such as /health");
export const HEALTH = validator(z.enum(["strict", "lenient", "off"]), "strict, lenient or off");
export const INTERVAL = validator(duration(10, 60 * MINUTE_MS), "a time such as 500ms or 5s, from 10ms to 1h");
export const HOLD = validator(duration(0, 10 * MINUTE_MS), "a time such as 10s, 10m at most");
export const TIMEOUT = validator(duration(10, 7 * 24 * 60 * MINUTE_MS), "a time such as 30s, from 10ms to 168h");
export const DELAY = validator(duration(0, 60 * MINUTE_MS), "a time such as 10s, 1h at most");

/** A text between commas; a comma that belongs to it has a backslash before it, as registrator has it. */
function splitTags(text: string): readonly string[] {
  return text
    .split(/(?<!\\),/)
    .map((tag) => tag.replaceAll("\\,", ",").trim())
    .filter((tag) => tag !== "");
}

function validator<T>(schema: z.ZodType<T>, words: string): Validator<T> {
  return { schema, words };
}

function wholeNumber(min: number, max: number): z.ZodType<number> {
  return z
    .string()
    .regex(/^[0-9]{1,5}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max));
}

function commaList(item: z.ZodString): z.ZodType<readonly string[]> {
  return z
    .string()
    .transform((text) => text.split(",").map((part) => part.trim()))
    .pipe(z.array(item).min(1).max(64));
}

/** In whole milliseconds, since HAProxy counts no less. */
function duration(min: number, max: number): z.ZodType<number> {
  return z
    .string()
    .max(40)
    .transform(parseDurationOrSeconds)
    .pipe(z.number().transform(Math.round).pipe(z.number().min(min).max(max)));
}
