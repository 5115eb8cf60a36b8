import { describePin } from "../core/history/describe-pin.js";
import type { PinState } from "../core/history/pin.js";
import { tableOf } from "./table.js";

/** How a daemon of this host is, for a person who asks. */
export interface DaemonStatus {
  readonly daemon: "agent" | "renderer" | "up";
  /** `HOST:PORT`, where it was asked. */
  readonly address: string;
  /** `absent`: nobody answers there, and nobody has said that anybody should. */
  readonly status: "ready" | "waiting" | "silent" | "absent";
  /** What it waits for, where it is not ready; why nobody answers, where that is so. */
  readonly waitingFor: readonly string[];
  /** Its files with the HAProxy that reads each, as far as the renderer could ask that one. */
  readonly proxies: readonly ProxyStatus[];
  readonly files: readonly FileStatus[];
}

/** What of a file is not as the store has it. */
export interface FileStatus {
  /** Of the resource. */
  readonly name: string;
  readonly pinned: PinState | undefined;
  readonly leftOut: readonly { readonly key: string; readonly reason: string }[];
  /** What keys of steering come to, in words; absent where there are none. */
  readonly steering?: readonly string[];
}

/** How an HAProxy stands to its file. */
export interface ProxyStatus {
  /** Of the resource. */
  readonly name: string;
  /** Undefined where it cannot be asked. */
  readonly agrees: boolean | undefined;
  readonly certificates: number;
  /** How many of them cannot be used as they are on disk. */
  readonly faultyCertificates: number;
}

/** The daemons of a host as a table. */
export function statusTable(daemons: readonly DaemonStatus[]): string {
  const rows = daemons.map((each) => [
    each.daemon,
    each.address,
    [wordsFor(each), ...each.proxies.map(wordsOf), ...each.files.flatMap(exceptionsOf)].join("; "),
  ]);
  return tableOf(["DAEMON", "ADDRESS", "STATUS"], rows);
}

function wordsFor({ daemon, status, waitingFor }: DaemonStatus): string {
  switch (status) {
    case "ready":
      return "ready";
    case "waiting":
      return `waiting for ${waitingFor.join(", ")}`;
    case "silent":
      return `does not answer: ${waitingFor.join(", ")}`;
    case "absent":
      return `no ${daemon} on this host`;
  }
}

function wordsOf({ name, agrees, certificates, faultyCertificates }: ProxyStatus): string {
  const agreement =
    agrees === undefined ? "cannot be asked" : agrees ? "agrees with its file" : "differs from its file";
  const faults =
    faultyCertificates === 0
      ? ""
      : `, ${faultyCertificates} of ${certificates} certificates cannot be used as they are on disk`;
  return `HAProxy of ${name} ${agreement}${faults}`;
}

/** How a file is not as its store has it, and in what somebody steers it. */
function exceptionsOf({ name, pinned, leftOut, steering = [] }: FileStatus): readonly string[] {
  return [
    ...(pinned ? [describePin(name, pinned)] : []),
    ...(leftOut.length > 0
      ? [`${name} leaves out ${someOf(leftOut.map(({ key, reason }) => `${key} (${reason})`))}`]
      : []),
    ...(steering.length > 0 ? [`steered is ${someOf(steering)}`] : []),
  ];
}

/** The first, and how many more; all of them are in the answer for machines. */
function someOf([first, ...others]: readonly string[]): string {
  return `${first ?? ""}${others.length === 0 ? "" : ` and ${others.length} more`}`;
}
