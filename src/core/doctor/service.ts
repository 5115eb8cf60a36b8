import { fault, fine, type Finding } from "./finding.js";

/** What systemd says of a unit, by the names of its properties. */
export type UnitFacts = Readonly<Record<string, string>>;

/** Whether systemd has such a unit at all. */
export function isInstalled({ LoadState: state }: UnitFacts): boolean {
  return state === "loaded";
}

/** What keeps a service from its work that stands in its unit, or in what became of it. */
export function judgeUnit(unit: string, facts: UnitFacts): readonly Finding[] {
  const about = `unit ${unit}`;
  const found: Finding[] = [];
  if (facts["MemoryDenyWriteExecute"] === "yes") {
    const says = "Node cannot run: it writes the machine code that it runs";
    found.push(fault(about, says, "MemoryDenyWriteExecute=no"));
  }
  const speaksItself = facts["ExecStart"]?.includes("/notify-exec ") === true || facts["NotifyAccess"] === "all";
  if (facts["Type"] === "notify" && !speaksItself) {
    const says = "systemd would never hear that it is ready: it is started without notify-exec";
    found.push(fault(about, says, "NotifyAccess=all"));
  }
  if (facts["ActiveState"] === "failed") {
    found.push(fault(about, `it has failed (${facts["Result"] ?? "unknown"})`, `journalctl -u ${unit} -p warning`));
  }
  return found.length > 0 ? found : [fine(about, wordsOf(facts))];
}

function wordsOf({ ActiveState: state = "unknown", StatusText: text = "" }: UnitFacts): string {
  return text === "" ? state : `${state}: ${text}`;
}

/** The program that a unit starts, by its path; undefined where it starts none. */
export function programOf({ ExecStart: start = "" }: UnitFacts): string | undefined {
  return /\bpath=(\/[^ ;]+)/.exec(start)?.[1];
}

/** Whose rights a service has, by name; root where its unit names nobody. */
export function rightsOf(facts: UnitFacts): { readonly user: string; readonly groups: readonly string[] } {
  const { User: named = "", Group: group = "", SupplementaryGroups: others = "" } = facts;
  const user = named === "" ? "root" : named;
  const more = others.split(" ").filter((name) => name !== "");
  return { user, groups: [group === "" ? user : group, ...more] };
}

/** The folders that a service may write in; undefined where its unit shuts nothing off. */
export function writableIn(facts: UnitFacts): readonly string[] | undefined {
  if (facts["ProtectSystem"] !== "strict") return undefined;
  return (facts["ReadWritePaths"] ?? "")
    .split(" ")
    .map((path) => path.replace(/^[-+]+/, ""))
    .filter((path) => path !== "");
}
