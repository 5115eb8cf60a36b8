import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Certificate } from "../../core/model/certificate.js";
import { reasonOf } from "../../errors.js";
import { isObtained, orderedNames } from "../../haproxy/certificates/acme.js";
import { readPem } from "../../haproxy/certificates/pem.js";
import { type ShownCertificate, shownCertificates } from "../../haproxy/certificates/shown.js";
import { commandWord, isPlainPath } from "../../haproxy/certificates/step.js";
import { type Owned, removeStale, replaceFile, syncDirectory } from "../files/atomic-write.js";
import { followLinks } from "../files/links.js";
import type { CertificateTalk } from "./bring.js";
import { readCertificate } from "./certificate-files.js";

/** A certificate that HAProxy has got from an authority, and what became of it on disk. */
export interface Obtained {
  readonly path: string;
  readonly shown: ShownCertificate;
  readonly certificate: Certificate;
  /** Why it is not on disk. */
  readonly failure?: string;
}

/**
 * Puts on disk what HAProxy has got from an authority by itself: it has that in memory alone, and a reload would lose it.
 * `now` is the wall's clock in milliseconds.
 */
export async function keepObtained(talk: CertificateTalk, now: number): Promise<readonly Obtained[]> {
  const names = orderedNames(await talk.say(["acme status"])).filter(isPlainPath);
  if (names.length === 0) return [];
  const shown = shownCertificates(await talk.say(names.map((name) => `show ssl cert ${commandWord(name)}`)));
  const obtained: Obtained[] = [];
  for (const each of shown) {
    const onDisk = await readCertificate(each.name, now);
    const present = onDisk.kind === "good" ? onDisk.pem.certificate : undefined;
    if (!isObtained(each, present, now)) continue;
    // Its key is in the answer, so that nothing of it is told.
    const text = await talk.say([`dump ssl cert ${commandWord(each.name)}`]);
    const read = readPem(text, undefined, now);
    if ("fault" in read || read.certificate.fingerprint !== each.fingerprint) continue; // it is being replaced
    const failure = await write(each.name, `${read.payload}\n`).then(() => undefined, reasonOf);
    const { certificate } = read;
    obtained.push({ path: each.name, shown: each, certificate, ...(failure !== undefined && { failure }) });
  }
  return obtained;
}

/** As the file before it; where there is none, for its owner alone. */
async function write(path: string, text: string): Promise<void> {
  const target = await followLinks(path);
  const before = await stat(target).catch(() => undefined);
  const owned: Owned = before
    ? { mode: before.mode & 0o7777, uid: before.uid, gid: before.gid, isOwnerWanted: false }
    : { mode: 0o600, isOwnerWanted: false };
  await removeStale(target);
  await replaceFile(target, text, owned);
  await syncDirectory(dirname(target));
}
