/** What a look at one thing that HECD needs has come to. */
export interface Finding {
  /** The thing, in a few words. */
  readonly about: string;
  /** A fault keeps HECD from its work; advice does not. */
  readonly grade: "fine" | "advice" | "fault";
  readonly says: string;
  /** The line to add or to run; undefined where nothing is to be done or none can be named. */
  readonly remedy?: string;
}

export function fine(about: string, says: string): Finding {
  return { about, grade: "fine", says };
}

export function advice(about: string, says: string, remedy?: string): Finding {
  return { about, grade: "advice", says, ...(remedy === undefined ? {} : { remedy }) };
}

export function fault(about: string, says: string, remedy?: string): Finding {
  return { about, grade: "fault", says, ...(remedy === undefined ? {} : { remedy }) };
}

/** What is wrong where something was tried in vain: why, in the other side's words, and whether it was a matter of rights. */
export interface Obstacle {
  readonly problem: string;
  readonly isDenied: boolean;
}

/** Whether a version such as `2.6.12-1+deb12u2` is at least `major.minor`; one that is not understood is not. */
export function isAtLeast(version: string, major: number, minor: number): boolean {
  const [, ownMajor = "0", ownMinor = "0"] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(ownMajor) * 1_000 + Number(ownMinor) >= major * 1_000 + minor;
}
