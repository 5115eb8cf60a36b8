/** What a master was started with. */
export interface StartedWith {
  /** Files and folders of configuration, as they were named. */
  readonly files: readonly string[];
  /** The path of its master socket; undefined where it has none. */
  readonly masterSocket: string | undefined;
  /** Whether it is a master at all, by -W or -Ws. */
  readonly isMaster: boolean;
}

/** Flags that take the word behind them. */
const VALUED: ReadonlySet<string> = new Set(["-C", "-L", "-N", "-m", "-n", "-p", "-x"]);

/**
 * Reads the command line of a master, whose words end with a null character each.
 *
 * Source: https://docs.haproxy.org/3.2/management.html#3
 */
export function parseMasterStart(commandLine: string): StartedWith {
  const [, ...words] = commandLine.split("\0").slice(0, -1);
  const files: string[] = [];
  let masterSocket: string | undefined;
  let isMaster = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") {
      files.push(...words.slice(at + 1));
      break;
    }
    if (word === "-W" || word === "-Ws") isMaster = true;
    if (word === "-f") files.push(words[++at] ?? "");
    else if (word === "-S") masterSocket = (words[++at] ?? "").replace(/^unix@/, "").split(",")[0];
    else if (VALUED.has(word)) at++;
  }
  return { files, masterSocket, isMaster };
}
