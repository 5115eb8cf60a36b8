import { describeOverruled, type Overruled, type Saying, settleSayings } from "../model/shared-settings.js";
import type { ServerEntry } from "./server-entry.js";
import { NO_RULES, type Rules, rulesOf } from "./rules.js";
import type { LeftOut, Service } from "./server.js";

/** What holds for all servers of a service. */
type Common = Rules &
  Pick<Service, "isMaintained" | "maintenancePage"> &
  Pick<Service, "mode" | "tcp" | "balance" | "sticky" | "priority" | "check" | "timeouts" | "isLimited" | "isVerified">;

/** Nothing is said of a service. */
export const UNSAID: Common = {
  mode: "",
  tcp: { port: 0, sni: [], isTls: false },
  balance: "",
  sticky: false,
  priority: 0,
  ...NO_RULES,
  check: { isHttp: false, path: "/", host: "", timeout: "", status: "" },
  timeouts: { connect: "", server: "", tunnel: "" },
  isLimited: false,
  isVerified: false,
  isMaintained: false,
  maintenancePage: "",
};

/** What the entries of a service say of it as a whole, and what of that does not hold, by the key that says it. */
export function commonOf(entries: readonly ServerEntry[]): {
  readonly common: Common;
  readonly overruled: readonly LeftOut[];
} {
  const sayings: Saying[] = [];
  let [isLimited, isVerified] = [false, false];
  for (const { saying, server } of entries) {
    if (saying) sayings.push(saying);
    isLimited ||= server.maxconn > 0;
    isVerified ||= server.tls?.verify === true;
  }
  if (sayings.length === 0) return { common: { ...UNSAID, isLimited, isVerified }, overruled: [] };
  const { settings, overruled } = settleSayings(sayings);
  const common: Common = {
    ...UNSAID,
    mode: settings.mode ?? "",
    tcp: {
      port: settings["tcp.port"] ?? 0,
      sni: settings["tcp.sni"]?.toLowerCase().split(" ") ?? [],
      isTls: settings["tcp.tls"] ?? false,
    },
    balance: settings.balance ?? "",
    sticky: settings.sticky ?? false,
    priority: settings.priority ?? 0,
    ...rulesOf(settings),
    check: {
      isHttp: settings["check.type"] === "http",
      path: settings["check.path"] ?? "/",
      host: settings["check.host"] ?? "",
      timeout: settings["check.timeout"] ?? "",
      status: settings["check.status"] ?? "",
    },
    timeouts: {
      connect: settings["timeout.connect"] ?? "",
      server: settings["timeout.server"] ?? "",
      tunnel: settings["timeout.tunnel"] ?? "",
    },
    isLimited,
    isVerified,
  };
  return { common, overruled: byKey(overruled, entries) };
}

/** All that does not hold of each record; of several that say the same, the first is named. */
function byKey(overruled: readonly Overruled[], entries: readonly ServerEntry[]): readonly LeftOut[] {
  const reasons = new Map<string, string[]>();
  for (const each of overruled) {
    const [first = "", ...more] = each.by;
    const key = entries.find((entry) => entry.key.endsWith(`/${first}`))?.key ?? first;
    const words = `${describeOverruled(each)}${more.length === 0 ? "" : `; so it is with ${more.length} more records`}`;
    reasons.set(key, [...(reasons.get(key) ?? []), words]);
  }
  return [...reasons].map(([key, all]) => ({ key, reason: `not used for its service is ${all.join("; ")}` }));
}
