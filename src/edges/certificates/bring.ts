import { HecdError } from "../../errors.js";
import type { Pem } from "../../haproxy/certificates/pem.js";
import { type ShownCertificate, shownCertificates } from "../../haproxy/certificates/shown.js";
import { commandWord, isPlainPath } from "../../haproxy/certificates/step.js";

/** How the worker of an HAProxy is spoken to. Each throws `haproxy-failed` where it cannot be. */
export interface CertificateTalk {
  /** Gives commands; resolves to what was said of them. */
  say(commands: readonly string[]): Promise<string>;
  /** Gives a command and lines that belong to it. What was said is not told: it may repeat them. */
  hand(command: string, payload: string): Promise<void>;
}

/** More than this not every version takes with a command. */
const MOST_BYTES = 14_000;

/** How HAProxy has come to another certificate: as it shows it, or why it has not. */
export type Brought = { readonly shown: ShownCertificate } | { readonly obstacle: string };

/** Replaces a certificate that HAProxy has, all at once. Where that comes to nothing it has what it had. */
export async function renewCertificate(path: string, pem: Pem, talk: CertificateTalk): Promise<Brought> {
  const obstacle = obstacleFor(path, pem);
  return obstacle === undefined ? await replace(path, pem, talk) : { obstacle };
}

/** Gives HAProxy a certificate of a folder that it has not read as it started. */
export async function addCertificate(path: string, folder: string, pem: Pem, talk: CertificateTalk): Promise<Brought> {
  const obstacle = obstacleFor(path, pem) ?? obstacleFor(folder, pem);
  if (obstacle !== undefined) return { obstacle };
  const word = commandWord(path);
  const made = await talk.say([`new ssl cert ${word}`]);
  if (!made.includes("New empty certificate store")) return { obstacle: wordsOf(made) };
  const brought = await replace(path, pem, talk);
  const added = "shown" in brought ? await talk.say([`add ssl crt-list ${commandWord(folder)} ${word}`]) : "";
  if (added.includes("Success!")) return brought;
  await talk.say([`del ssl cert ${word}`]);
  return "obstacle" in brought ? brought : { obstacle: wordsOf(added) };
}

const NOT_PLAIN = "its path is not of plain words";

function obstacleFor(path: string, { payload }: Pem): string | undefined {
  if (!isPlainPath(path)) return NOT_PLAIN;
  return Buffer.byteLength(payload) > MOST_BYTES ? "it is larger than HAProxy takes at run time" : undefined;
}

async function replace(path: string, { certificate, payload }: Pem, talk: CertificateTalk): Promise<Brought> {
  const word = commandWord(path);
  await talk.hand(`set ssl cert ${word}`, payload).catch((error: unknown) => {
    // What it has not taken is seen by what is pending then, which somebody else may have begun.
    if (!(error instanceof HecdError)) throw error;
  });
  const [pending] = shownCertificates(await talk.say([`show ssl cert *${word}`]));
  if (pending?.fingerprint !== certificate.fingerprint) return { obstacle: "HAProxy has not taken it" };
  const answer = await talk.say([`commit ssl cert ${word}`, `show ssl cert ${word}`]);
  const [shown] = shownCertificates(answer);
  if (shown?.fingerprint === certificate.fingerprint) return { shown };
  await talk.say([`abort ssl cert ${word}`]);
  return { obstacle: wordsOf(answer) };
}

/** What HAProxy says before it shows a certificate, in one line. */
function wordsOf(answer: string): string {
  const [words = ""] = answer.split(/^Filename: /m);
  return `HAProxy says: ${words
    .trim()
    .replace(/\s*\n\s*/g, "; ")
    .slice(0, 300)}`;
}
