import type { Certificate } from "../../core/model/certificate.js";
import type { ShownCertificate } from "./shown.js";

/** Whether HAProxy itself asks an authority for certificates, as far as a glance at a configuration can tell. */
export function asksAuthority(text: string): boolean {
  return /^[ \t]*acme[ \t]/m.test(text);
}

/** The certificates that HAProxy gets from an authority, by its answer to `acme status`. */
export function orderedNames(answer: string): readonly string[] {
  return answer.split("\n").flatMap((line) => {
    const [name = "", ...more] = line.split("\t");
    return name.startsWith("#") || more.length < 2 ? [] : name;
  });
}

/**
 * Whether HAProxy has got another certificate from an authority than there is on disk.
 *
 * What counts no more is the one that it makes up for itself until it has got one. Authorities date theirs back by an
 * hour, so the later one wins only where an authority has issued both.
 */
export function isObtained(shown: ShownCertificate, onDisk: Certificate | undefined, now: number): boolean {
  if (!(shown.ends > now) || shown.fingerprint === onDisk?.fingerprint) return false;
  return onDisk === undefined || onDisk.chained === 0 || shown.begins >= onDisk.begins;
}
