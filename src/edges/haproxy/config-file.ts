import { lstat, readdir, readFile, readlink, stat } from "node:fs/promises";
import { basename, isAbsolute, join } from "node:path";
import { parseMasterStart, type StartedWith } from "../../haproxy/master/command-line.js";

/** Where processes are seen. */
const PROC = "/proc";

/** Tells what an HAProxy was started with. */
export class StartedConfiguration {
  /** The master that was found last: of many processes only that one is looked at again. */
  #process: number | undefined;

  /**
   * The configuration that the HAProxy of this master was started with, as it names it, when that is certainly not what
   * `dest` holds; undefined when it is, and when that cannot be seen from here.
   *
   * `pid` is the master's as it knows it itself, which in a container is not ours.
   */
  async otherThan(dest: string, pid: number, masterSocket: string): Promise<string | undefined> {
    try {
      const known = this.#process;
      const isKnown = known !== undefined && (await knowsItselfAs(known, pid));
      for (const process of isKnown ? [known] : await processesOf(pid)) {
        const started = parseMasterStart(await readFile(`${PROC}/${process}/cmdline`, "utf8"));
        const socket = started.masterSocket && (await visible(process, started.masterSocket));
        if (socket === undefined || !(await isSame(socket, masterSocket))) continue;
        this.#process = process;
        return await otherThan(dest, process, started);
      }
    } catch {
      // It is somebody else's, has just ended or is in a place of its own: nothing is certain then.
    }
    this.#process = undefined;
    return undefined;
  }
}

/** Whether an HAProxy of this machine runs in master-worker mode; undefined where none is seen to run. */
export async function runsAsMaster(): Promise<boolean | undefined> {
  let seen: boolean | undefined;
  for (const pid of (await readdir(PROC)).filter((name) => /^\d+$/.test(name))) {
    const commandLine = await readFile(`${PROC}/${pid}/cmdline`, "utf8").catch(() => ""); // it may have ended
    if (!/^(?:\S*\/)?haproxy\0/.test(commandLine)) continue;
    if (parseMasterStart(commandLine).isMaster) return true;
    seen = false;
  }
  return seen;
}

/** What we know the HAProxy processes as that know themselves as this one. */
async function processesOf(pid: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of await readdir(PROC)) {
    if (/^\d+$/.test(name) && (await knowsItselfAs(Number(name), pid))) found.push(Number(name));
  }
  return found;
}

/** Whether a process is an HAProxy, and itself sees this number as its own. */
async function knowsItselfAs(process: number, pid: number): Promise<boolean> {
  const status = await readFile(`${PROC}/${process}/status`, "utf8").catch(() => "");
  return /^Name:\thaproxy/m.test(status) && new RegExp(`^NSpid:.*\\t${pid}$`, "m").test(status);
}

async function otherThan(dest: string, process: number, { files }: StartedWith): Promise<string | undefined> {
  const text = await readFile(dest);
  for (const file of files) {
    const path = await visible(process, file);
    if (path === undefined) return undefined;
    const isFolder = (await stat(path)).isDirectory();
    const itself = isFolder ? join(path, basename(dest)) : path;
    if ((await isSame(itself, dest)) || text.equals(await readFile(itself))) return undefined;
  }
  return files.join(", ") || undefined;
}

/** The path by which we see what a process sees there; undefined where links might lead us astray. */
async function visible(process: number, path: string): Promise<string | undefined> {
  const [own, its, root] = await Promise.all(
    [`${PROC}/self/ns/mnt`, `${PROC}/${process}/ns/mnt`, `${PROC}/${process}/root`].map((link) => readlink(link)),
  );
  if (!isAbsolute(path)) return join(`${PROC}/${process}/cwd`, path);
  if (own === its && root === "/") return path;
  let at = `${PROC}/${process}/root`;
  for (const part of path.split("/").filter(Boolean)) {
    at = `${at}/${part}`;
    if ((await lstat(at)).isSymbolicLink()) return undefined;
  }
  return at;
}

async function isSame(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([stat(a), stat(b)]);
  return one.ino === other.ino && one.dev === other.dev;
}
