import { createHash, createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import type { Certificate } from "../../core/model/certificate.js";

/** What is in a file of a certificate; the text for HAProxy has its key and is for nobody else. */
export interface Pem {
  readonly certificate: Certificate;
  /** What HAProxy needs of the file, without blank lines, which would end it early. */
  readonly payload: string;
}

/** Why a file cannot be used, in words that hold nothing of its content. */
export interface PemFault {
  readonly fault: string;
  /** What it would be, where time alone speaks against it. */
  readonly certificate?: Certificate;
}

/**
 * Reads a file of a certificate as it should be: the certificate, then those between it and its authority in their
 * order, and a private key anywhere. `key` is the text of the file beside it that HAProxy looks into where it has no key
 * itself. `now` is the wall's clock in milliseconds.
 */
export function readPem(text: string, key: string | undefined, now: number): Pem | PemFault {
  const own = sectionsOf(text);
  if (!own) return { fault: "it ends in the middle of a section" };
  const beside = own.some(isKey) ? [] : sectionsOf(key ?? "")?.filter(isKey);
  if (!beside) return { fault: "the .key file beside it ends in the middle of a section" };
  const sections = [...own, ...beside];
  const keyText = sections.find(isKey)?.text;
  const certificates = certificatesOf(own.filter(({ title }) => CERTIFICATE.test(title)));
  if (!certificates) return { fault: "one of its certificates cannot be read" };
  const [leaf, ...chain] = certificates;
  if (!leaf) return { fault: "there is no certificate in it" };
  if (keyText === undefined) return { fault: "there is no private key in it" };
  const privateKey = keyOf(keyText);
  if (!privateKey) return { fault: "its private key cannot be read, or is locked by a password" };
  const fault = faultOfKey(leaf, chain, privateKey) ?? faultOfChain([leaf, ...chain]);
  if (fault !== undefined) return { fault };
  const certificate = describe(leaf, chain);
  const untimely = faultOfTime(leaf, now);
  if (untimely !== undefined) return { fault: untimely, certificate };
  return { certificate, payload: sections.map((section) => section.text).join("\n") };
}

interface Section {
  readonly title: string;
  readonly text: string;
}

const CERTIFICATE = /^(?:X509 |TRUSTED )?CERTIFICATE$/;

/** What HAProxy reads of such a file besides certificates and keys. */
const PARAMETERS = /^(?:EC|DH|X9\.42 DH) PARAMETERS$/;

function isKey({ title }: Section): boolean {
  return title.endsWith("PRIVATE KEY");
}

/** The sections that matter; undefined where one of them has no end. */
function sectionsOf(text: string): readonly Section[] | undefined {
  const sections: Section[] = [];
  let begun: { readonly title: string; readonly lines: string[] } | undefined;
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    const [, word, title = ""] = /^-----(BEGIN|END) ([A-Z0-9. ]+)-----$/.exec(line) ?? [];
    if (word === "BEGIN") {
      if (begun) return undefined;
      begun = { title, lines: [line] };
    } else if (begun && line !== "") begun.lines.push(line);
    if (word !== "END") continue;
    if (begun?.title !== title) return undefined;
    sections.push({ title, text: begun.lines.join("\n") });
    begun = undefined;
  }
  const isWanted = (section: Section): boolean =>
    isKey(section) || CERTIFICATE.test(section.title) || PARAMETERS.test(section.title);
  return begun ? undefined : sections.filter(isWanted);
}

function certificatesOf(sections: readonly Section[]): readonly X509Certificate[] | undefined {
  try {
    return sections.map(({ text }) => new X509Certificate(text));
  } catch {
    return undefined; // what OpenSSL says of it is of no use to a person
  }
}

function keyOf(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text);
  } catch {
    return undefined; // as above, and nobody shall see any of it
  }
}

function faultOfKey(leaf: X509Certificate, chain: readonly X509Certificate[], key: KeyObject): string | undefined {
  if (leaf.checkPrivateKey(key)) return undefined;
  return chain.some((certificate) => certificate.checkPrivateKey(key))
    ? "the certificate of its key does not come first"
    : "its private key is that of another certificate";
}

function faultOfChain(certificates: readonly X509Certificate[]): string | undefined {
  for (const [at, issuer] of certificates.slice(1).entries()) {
    const issued = certificates[at];
    if (issued?.checkIssued(issuer) !== true || !issued.verify(issuer.publicKey)) {
      return `its certificates are not in their order: number ${at + 2} has not issued number ${at + 1}`;
    }
  }
  return undefined;
}

function faultOfTime({ validFrom, validTo }: X509Certificate, now: number): string | undefined {
  if (Date.parse(validTo) <= now) return `it has expired: ${isoOf(validTo)}`;
  return Date.parse(validFrom) > now ? `it does not count yet: ${isoOf(validFrom)}` : undefined;
}

function isoOf(date: string): string {
  return new Date(Date.parse(date)).toISOString();
}

function describe(leaf: X509Certificate, chain: readonly X509Certificate[]): Certificate {
  const digest = createHash("sha256");
  for (const { raw } of [leaf, ...chain]) digest.update(raw);
  return {
    serial: leaf.serialNumber.toUpperCase(),
    fingerprint: leaf.fingerprint.replaceAll(":", ""),
    digest: digest.digest("hex"),
    names: namesOf(leaf),
    begins: Date.parse(leaf.validFrom),
    ends: Date.parse(leaf.validTo),
    chained: chain.length,
  };
}

/** The names that clients compare with; the common name where there are none. */
function namesOf({ subjectAltName, subject }: X509Certificate): readonly string[] {
  const names = [...(subjectAltName ?? "").matchAll(/(?:DNS|IP Address):([^,]+)/g)].map(([, name = ""]) => name.trim());
  return names.length > 0 ? names : [...subject.matchAll(/^CN=(.+)$/gm)].map(([, name = ""]) => name);
}
