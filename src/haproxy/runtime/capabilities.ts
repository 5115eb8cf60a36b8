import { SERVER_WORDS } from "./server-words.js";

/** What the running HAProxy accepts at run time. */
export interface Capabilities {
  readonly version: string;
  /** Whether servers can be added and deleted. */
  readonly canAdd: boolean;
  /** Whether `add server` gives what is not said the meaning that it has in a file, checks apart. */
  readonly knowsDefaults: boolean;
  /** Whether requests go to the new address of a moved server alone; before, kept connections lead to the old one. */
  readonly movesConnections: boolean;
  /** Whether it refuses to delete a server too early; before, it may crash. */
  readonly guardsDeletion: boolean;
  /** Whether backends can be added and deleted. */
  readonly canAddBackends: boolean;
  /** The words of a server that `add server` takes, with the number of words that follow each. */
  readonly serverWords: ReadonlyMap<string, number>;
}

/** What a version can do, as it names itself; one that is not understood can do nothing. */
export function capabilitiesOf(version: string): Capabilities {
  const rank = rankOf(version);
  const taken = SERVER_WORDS.filter(({ addedSince }) => addedSince <= rank);
  return {
    version,
    canAdd: rank >= 206,
    knowsDefaults: rank >= 300,
    movesConnections: rank >= 300,
    guardsDeletion: rank >= 300,
    canAddBackends: rank >= 304,
    serverWords: new Map(taken.map(({ name, values }) => [name, values])),
  };
}

/** Whether a master answers `reload` with its outcome; before 2.7 its processes have to tell. */
export function answersReload(version: string): boolean {
  return rankOf(version) >= 207;
}

function rankOf(version: string): number {
  const [, major = "0", minor = "0"] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) * 100 + Number(minor);
}
