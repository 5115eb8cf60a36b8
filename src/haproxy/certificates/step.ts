import type { Certificate } from "../../core/model/certificate.js";
import type { ShownCertificate } from "./shown.js";

/** What is to be done about a certificate. */
export type CertificateStep =
  /** What HAProxy has is what is on disk. */
  | "none"
  /** HAProxy has another one, or sends fewer along with it. */
  | "renew"
  /** HAProxy does not have it. */
  | "add";

/**
 * What is to be done so that HAProxy has what is on disk. `brought` is the digest of what it was brought to or was found
 * to have; without it only what HAProxy shows is compared.
 */
export function stepFor(
  onDisk: Certificate,
  shown: ShownCertificate | undefined,
  brought: string | undefined,
): CertificateStep {
  if (!shown) return "add";
  if (brought !== undefined) return brought === onDisk.digest ? "none" : "renew";
  return shown.fingerprint === onDisk.fingerprint && shown.chained >= onDisk.chained ? "none" : "renew";
}

/** Whether HAProxy reads a file of a folder of certificates by this name. */
export function isCertificateName(name: string): boolean {
  return !name.startsWith(".") && !/\.(?:key|issuer|ocsp|sctl)$/.test(name);
}

/** Whether a path can be written as one word of a command. */
export function isPlainPath(path: string): boolean {
  return /^\/[\w.,:@%+=~/* -]+$/.test(path);
}

/** Such a path as a word of a command. */
export function commandWord(path: string): string {
  return path.replaceAll(" ", "\\ ");
}

/** Whether a configuration may have certificates, as far as a glance can tell. */
export function speaksOfCertificates(text: string): boolean {
  return /[ \t]crt(?:-list)?[ \t]/.test(text);
}
