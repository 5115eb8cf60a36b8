import type { SharedSettings } from "../model/shared-settings.js";
import type { Header, Service } from "./server.js";

/** What is done to requests and answers of a service, and who is kept out. */
export type Rules = Pick<
  Service,
  "strip" | "stripLength" | "allow" | "redirectPort" | "rate" | "auth" | "hasUsers" | "headers" | "hasRules"
>;

/** Nothing is. */
export const NO_RULES: Rules = {
  ...{ strip: "", stripLength: 0, allow: "", redirectPort: 0, auth: "", hasUsers: false, hasRules: false },
  rate: { requests: 0, time: "" },
  headers: { request: [], response: [] },
};

/** The rules that hold for a service. */
export function rulesOf(settings: SharedSettings): Rules {
  const said = Object.entries(settings).filter(([setting]) => RULE.test(setting));
  if (said.length === 0) return NO_RULES;
  const [requests = "0", time = ""] = settings["http.rate"]?.split("/") ?? [];
  return {
    strip: settings["http.strip"] ?? "",
    stripLength: settings["http.strip"]?.length ?? 0,
    allow: settings["http.allow"] ?? "",
    redirectPort: settings["http.redirect-https"] ?? 0,
    rate: { requests: Number(requests), time },
    auth: settings["http.auth"] ?? "",
    hasUsers: false,
    headers: { request: headersIn(said, "headers.request."), response: headersIn(said, "headers.response.") },
    hasRules: true,
  };
}

const RULE = /^(http|headers)\./;

function headersIn(said: readonly (readonly [string, unknown])[], start: string): readonly Header[] {
  return said
    .flatMap(([setting, value]) =>
      setting.startsWith(start) ? [headerOf(setting.slice(start.length), String(value))] : [],
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function headerOf(name: string, value: string): Header {
  return { name, value, word: value.replaceAll("%", "%%").replace(/[\\ #"']/g, "\\$&") };
}
