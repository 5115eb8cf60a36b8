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
    `${wordsFor(each)}${each.proxies.map(wordsOf).join("")}`,
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
  return `; HAProxy of ${name} ${agreement}${faults}`;
}
