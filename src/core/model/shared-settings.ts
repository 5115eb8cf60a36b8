import type { Check, Headers, Http, Instance } from "./instance.js";

/** What holds for a service as a whole, although each of its records may say it; undefined where none does. */
export interface SharedSettings {
  readonly mode?: Instance["mode"];
  readonly balance?: Http["balance"];
  readonly sticky?: boolean | undefined;
  readonly "tcp.port"?: number | undefined;
  /** Separated by blanks. */
  readonly "tcp.sni"?: string | undefined;
  readonly "tcp.tls"?: boolean | undefined;
  readonly "http.strip"?: string | undefined;
  /** Separated by blanks. */
  readonly "http.allow"?: string | undefined;
  readonly priority?: number | undefined;
  readonly "http.redirect-https"?: number | undefined;
  readonly "http.rate"?: string | undefined;
  readonly "http.auth"?: string | undefined;
  /** The value under the name of each header, which is empty where the header is taken away. */
  readonly [header: `headers.${"request" | "response"}.${string}`]: string | undefined;
  /** What checks ask; a record may leave its own server out of them. */
  readonly "check.type"?: Exclude<Check["type"], "off">;
  readonly "check.path"?: string | undefined;
  readonly "check.host"?: string | undefined;
  readonly "check.timeout"?: string | undefined;
  readonly "check.status"?: string | undefined;
  readonly "timeout.connect"?: string | undefined;
  readonly "timeout.server"?: string | undefined;
  readonly "timeout.tunnel"?: string | undefined;
}

/** What one record says of its service, under the names of our labels. */
export interface Saying {
  /** The id of the record. */
  readonly by: string;
  /** When its container was started, as Docker writes it. */
  readonly since: string;
  readonly settings: SharedSettings;
}

/** A setting that some say and that does not hold, since somebody newer says something else. */
export interface Overruled {
  readonly setting: string;
  /** What does not hold, and the ids of the records that say so. */
  readonly said: string;
  readonly by: readonly string[];
  /** What holds, and the id of the record that says so. */
  readonly holds: string;
  readonly newest: string;
}

/** What a record says of its service as a whole; undefined where it says nothing of that kind. */
export function sayingOf({ id, container: { startedAt }, ...said }: Instance): Saying | undefined {
  const { mode, tcp, http, check, timeouts } = said;
  if (!mode && !tcp && !http && !check && !timeouts) return undefined;
  const all: SharedSettings = {
    mode,
    balance: http?.balance,
    sticky: http?.sticky,
    "tcp.port": tcp?.port,
    "tcp.sni": tcp?.sni?.join(" "),
    "tcp.tls": tcp?.tls,
    "http.strip": http?.strip,
    "http.allow": http?.allow?.join(" "),
    priority: http?.priority,
    "http.redirect-https": http?.redirectHttps,
    "http.rate": http?.rate,
    "http.auth": http?.auth,
    ...(http?.headers && headersIn(http.headers)),
    "check.type": check?.type === "off" ? undefined : check?.type,
    "check.path": check?.path,
    "check.host": check?.host,
    "check.timeout": check?.timeout,
    "check.status": check?.status,
    "timeout.connect": timeouts?.connect,
    "timeout.server": timeouts?.server,
    "timeout.tunnel": timeouts?.tunnel,
  };
  const settings = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return Object.keys(settings).length === 0 ? undefined : { by: id, since: startedAt, settings };
}

function headersIn({ request = {}, response = {} }: Headers): SharedSettings {
  return Object.fromEntries([
    ...Object.entries(request).map(([name, value]) => [`headers.request.${name}`, value] as const),
    ...Object.entries(response).map(([name, value]) => [`headers.response.${name}`, value] as const),
  ]);
}

/** Of each setting what the newest record says that has it; of two that began together, the last by id. */
export function settleSayings(sayings: readonly Saying[]): {
  readonly settings: SharedSettings;
  readonly overruled: readonly Overruled[];
} {
  const newestFirst = sayings
    .map((saying) => ({ ...saying, at: Date.parse(saying.since) || 0 }))
    .sort((a, b) => b.at - a.at || (a.by < b.by ? 1 : -1));
  const held = new Map<string, { readonly value: unknown; readonly by: string }>();
  const others = new Map<string, { readonly setting: string; readonly said: string; readonly by: string[] }>();
  for (const { by, settings } of newestFirst) {
    for (const [setting, value] of Object.entries(settings)) {
      const holds = held.get(setting);
      if (!holds) held.set(setting, { value, by });
      else if (holds.value !== value) {
        const other = others.get(`${setting} ${String(value)}`) ?? { setting, said: String(value), by: [] };
        other.by.push(by);
        others.set(`${setting} ${String(value)}`, other);
      }
    }
  }
  const overruled = [...others.values()].flatMap((other) => {
    const { value, by: newest } = held.get(other.setting) ?? {};
    return newest === undefined ? [] : [{ ...other, holds: String(value), newest }];
  });
  // Each value comes from a `SharedSettings`, under the name that it has there.
  const settings = Object.fromEntries([...held].map(([name, { value }]) => [name, value])) as SharedSettings;
  return { settings, overruled };
}

/** What does not hold, as a part of a sentence about those that say it. */
export function describeOverruled({ setting, said, holds, newest }: Overruled): string {
  return `${setting} ${said}, since ${newest} is newer and says ${holds}`;
}
