/** How many differences are named; the rest is counted. */
const NAMED = 5;

/** The servers that these differences are of, as `backend/server`; each begins with its own. */
export function serversIn(differences: readonly string[]): ReadonlySet<string> {
  return new Set(differences.map((difference) => difference.split(" ", 1)[0] ?? ""));
}

/** The reason for a reload where what it was compared with is not what we have made of the store. */
export function comparedWithEdit(reason: string): string {
  return `compared with its file as somebody else has edited it: ${reason}`;
}

/** What differs although HAProxy has just loaded the file, and why that may be. */
export function despiteReload(differences: readonly string[]): string {
  const named = differences.slice(0, NAMED).join(", ");
  const more = differences.length > NAMED ? ` and ${differences.length - NAMED} more` : "";
  return (
    `HAProxy was reloaded and does not run what the file says (${named}${more}). Most likely its -f names another file; ` +
    "or the file is mounted into its container by itself, where a new one never arrives (mount its directory instead); " +
    "or a state file brings back what was before; or HAProxy reads these lines otherwise than HECD"
  );
}
