import type { MasterSignal, ReloadDriver } from "../core/model/reload-driver.js";
import { parseDuration, parseLimit } from "../core/text/duration.js";
import type { OutputFormat } from "../ports.js";
import { parseMode } from "./mode.js";
import { isTable, isTexts, type ValueReader, refused, type Table } from "./table-reader.js";

/** Text that may be empty. */
export const anyText: ValueReader<string> = (value) =>
  typeof value === "string" ? value : refused("must be text in quotes");

/** Text with something in it. */
export const someText: ValueReader<string> = (value) => (value === "" ? refused("must not be empty") : anyText(value));

/** Text that is a path from the root. */
export const absolutePath: ValueReader<string> = (value) =>
  typeof value === "string" && value !== "" && !value.startsWith("/")
    ? refused("must be an absolute path")
    : someText(value);

/** A table. */
export const table: ValueReader<Table> = (value) => (isTable(value) ? value : refused("must be a table"));

/** true or false. */
export const toggle: ValueReader<boolean> = (value) =>
  typeof value === "boolean" ? value : refused("must be true or false");

/** The number of a user or a group, or confd's -1. */
export const id: ValueReader<number> = (value) => {
  if (typeof value !== "number" || !Number.isInteger(value)) return refused("must be a whole number");
  return value < -1 ? refused("must be a number of 0 or more") : value;
};

/** A list of texts. */
export const anyTexts: ValueReader<readonly string[]> = (value) =>
  isTexts(value) ? value : refused("must be a list of texts");

/** A list of texts that are not empty, with something in it. */
export const someTexts: ValueReader<readonly string[]> = (value) =>
  isTexts(value) && value.length > 0 && !value.includes("") ? value : refused("must be a list of texts");

/** A list of keys, with as many in it as `least` says. */
export function keys(least: number): ValueReader<readonly string[]> {
  return (value) => {
    if (!isTexts(value) || (least > 0 && value.includes(""))) return refused("must be a list of keys");
    return value.length < least ? refused("must name at least one key") : value;
  };
}

/** A time in the form of Go, such as `500ms`, `1s`, `2m` or `1m30s`; in milliseconds. */
export const duration: ValueReader<number> = (value) => {
  if (typeof value !== "string") return refused('must be a time in quotes, such as "500ms" or "1s"');
  return parseDuration(value) ?? refused(`must be a time such as "500ms" or "1s", not ${JSON.stringify(value)}`);
};

/** A time that limits something; `"0"` is no limit. */
export const timeLimit: ValueReader<number> = (value) => {
  const ms = typeof value === "string" ? parseLimit(value) : undefined;
  return ms ?? refused('must be a time in quotes, such as "30s", or "0" for no limit');
};

/** Reloads that may be made at once. */
export const reloadBurst: ValueReader<number> = (value) =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= MOST_RELOADS
    ? value
    : refused(`must be a whole number from 1 to ${MOST_RELOADS}`);

/** How many HAProxies of a group may be reloaded at once. */
export const reloadSlots: ValueReader<number> = (value) =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= MOST_SLOTS
    ? value
    : refused(`must be a whole number from 1 to ${MOST_SLOTS}`);

const MOST_SLOTS = 64;

/** The name of a group of HAProxies, which becomes a part of a key. */
export const groupName: ValueReader<string> = (value) =>
  typeof value === "string" && /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(value)
    ? value
    : refused("must be a name of letters, digits, '_', '.' and '-', 63 at most");

/** More are no burst any more. */
const MOST_RELOADS = 100;

/** Names by which a file is asked for, such as the address that several HAProxies share. */
export const servedNames: ValueReader<readonly string[]> = (value) =>
  isTexts(value) && value.length > 0 && value.every((name) => SERVED_NAME.test(name))
    ? value
    : refused("must be a list of names of letters, digits, '_', '.', ':' and '-'");

const SERVED_NAME = /^[A-Za-z0-9_:][A-Za-z0-9_.:-]{0,254}$/;

/** The name of a format. */
export const outputFormat: ValueReader<OutputFormat> = (value) => {
  switch (value) {
    case "json":
    case "yaml":
    case "toml":
    case "xml":
      return value;
    case "yml":
      return "yaml";
    default:
      return refused("must be json, yaml, toml or xml");
  }
};

/**
 * Permission bits: `"0644"`, `"0o644"` or `"0x1a4"`.
 *
 * confd takes `"644"` for a decimal number, which is never what was meant: it is refused.
 */
export const strictMode: ValueReader<number> = (value) => {
  if (typeof value !== "string") return refused('must be text in quotes, such as "0644"');
  if (/^[1-7][0-7]{2}$/.test(value)) {
    return refused(`write "0${value}": confd takes "${value}" for a decimal number`);
  }
  const bits = value.startsWith("0") ? parseMode(value) : undefined;
  if (bits === undefined) return refused(`must be permission bits such as "0644", not ${JSON.stringify(value)}`);
  return bits <= 0o777 ? bits : refused(`must be permission bits, "0777" at most, not ${JSON.stringify(value)}`);
};

/** Permission bits as confd takes them, `"644"` for the decimal number that it is; bits above 0777 are left out. */
export const confdMode: ValueReader<number> = (value) => {
  if (typeof value !== "string") return refused('must be text in quotes, such as "0644"');
  const bits = parseMode(value);
  return bits === undefined ? refused(`must be a number such as "0644", not ${JSON.stringify(value)}`) : bits & 0o777;
};

/** How HAProxy is reloaded. */
export const reloadDriver: ValueReader<ReloadDriver> = (value) => {
  const text = someText(value);
  if (typeof text !== "string") return text;
  const words =
    "must be master:SOCKET, signal:PIDFILE, systemd:UNIT, docker:CONTAINER, docker:CONTAINER@ENGINE or command:COMMAND";
  return driverOf(text) ?? refused(`${words}, not ${JSON.stringify(text)}`);
};

function driverOf(value: string): ReloadDriver | undefined {
  const colon = value.indexOf(":");
  const what = value.slice(colon + 1).trim();
  if (colon < 0 || what === "") return undefined;
  switch (value.slice(0, colon)) {
    case "master":
      return { kind: "master", socket: what };
    case "signal":
      return { kind: "signal", pidFile: what };
    case "systemd":
      return { kind: "systemd", unit: what };
    case "command":
      return { kind: "command", command: what };
    case "docker":
      return containerAt(what);
    default:
      return undefined;
  }
}

/** `NAME`, or `NAME@ENGINE` with the URL or the context of an engine; one without a scheme is of TCP. */
function containerAt(text: string): ReloadDriver | undefined {
  const at = text.indexOf("@");
  const [container, engine] = at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(container) || engine === "") return undefined;
  const url = engine === undefined || /:\/\/|^context:/.test(engine) ? engine : `tcp://${engine}`;
  if (url !== undefined && !/^((unix|tcp|https?):\/\/|context:)\S+$/.test(url)) return undefined;
  return { kind: "docker", container, engine: url, signal: undefined };
}

/** A signal by which a master reads its file anew. */
export const masterSignal: ValueReader<MasterSignal> = (value) =>
  value === "USR2" || value === "HUP" ? value : refused('must be "USR2" or "HUP"');

/** Where a runtime API is: the path of a socket, or a port of HAProxy's own loopback interface. */
export const runtimeSocket: ValueReader<string> = (value) =>
  typeof value === "string" && LOOPBACK_PORT.test(value) ? value : absolutePath(value);

/** A port of a loopback interface. */
export const LOOPBACK_PORT = /^127\.0\.0\.1:[1-9][0-9]{0,4}$/;
