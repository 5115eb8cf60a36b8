import type { Compat } from "../core/model/backend.js";
import { FLAG_NAMES, confdFlagOf } from "./flags.js";

/** How confd is used: in the form of Go's flags, or in that of the fork. */
export function usageOf(style: Compat): string {
  const flags = FLAG_NAMES.map((name) => ({ name, ...confdFlagOf(name) })).filter(({ isIdle }) => isIdle !== true);
  if (style === "classic") {
    const lines = flags.map(({ name, kind, help, fallback }) => {
      const takes = kind.takes === undefined ? "" : ` ${kind.takes}`;
      return `  -${name}${takes}\n    \t${help}${defaultOf(fallback, " (default ", ")")}\n`;
    });
    return `Usage of confd:\n${lines.join("")}  -version\n    \tprint version and exit\n`;
  }
  const lines = flags
    .filter(({ name }) => name !== "backend")
    .map(({ name, kind, help, fallback, inFork }) => {
      const left = `--${name}${kind.takes === undefined ? "" : `=${kind.takes.toUpperCase()}`}`;
      return `  ${left.padEnd(32)} ${help}${defaultOf(inFork ?? fallback, " (default ", ")")}\n`;
    });
  return `Usage: confd <backend> [flags]\n\nBackends: etcd, env, file\n\nFlags:\n${lines.join("")}  --version\n`;
}

function defaultOf(value: unknown, before: string, after: string): string {
  if (value === "" || value === false || value === 0 || Array.isArray(value)) return "";
  return `${before}${typeof value === "string" ? JSON.stringify(value) : String(value)}${after}`;
}
