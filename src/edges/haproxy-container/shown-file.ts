/** A file in a container, as `SHOW_FILE` shows it. */
export interface FileInContainer {
  /** Its real path, behind all links. */
  readonly path: string;
  /** Permissions and owner; undefined where there is no file. */
  readonly owned: { readonly mode: number; readonly uid: number; readonly gid: number } | undefined;
  readonly isUnproven: boolean;
  /** The MD5 sums of what lies beside it under its name and more, by their names. */
  readonly beside: ReadonlyMap<string, string>;
  /** Undefined where there is no file. */
  readonly text: string | undefined;
}

/** Reads what `SHOW_FILE` has printed; undefined when it is something else. */
export function parseShownFile(printed: string): FileInContainer | undefined {
  const end = printed.indexOf("\n\n");
  const [path = "", owner = "", state = "", ...sums] = printed.slice(0, Math.max(0, end)).split("\n");
  const isWhole = path.startsWith("/") && (state === "proven" || state === "unproven");
  const [, mode = "", uid, gid] = /^([0-7]{1,4}) (\d+) (\d+)$/.exec(owner) ?? [];
  if (!isWhole || (mode === "" && owner !== "-")) return undefined;
  const isThere = owner !== "-";
  return {
    path,
    owned: isThere ? { mode: Number.parseInt(mode, 8), uid: Number(uid), gid: Number(gid) } : undefined,
    isUnproven: state === "unproven",
    beside: new Map(
      sums.flatMap((line) => {
        const [, sum = "", name] = /^([0-9a-f]{32}) [ *](.+)$/.exec(line) ?? [];
        return name === undefined ? [] : [[name, sum] as const];
      }),
    ),
    text: isThere ? printed.slice(end + 2) : undefined,
  };
}
