import { daysUntil, warningDue } from "../../haproxy/certificates/expiry.js";
import { certificatePlaces } from "../../haproxy/certificates/places.js";
import { certificatesIn, readCertificate } from "./certificate-files.js";

/** What is wrong with the certificates of a configuration by a moment of the wall's clock, and which of them end soon. */
export async function certificateNotes(text: string, now: number): Promise<readonly string[]> {
  const places = await Promise.all(
    certificatePlaces(text).map(async (place) => (await certificatesIn(place)) ?? [place]),
  );
  const notes = await Promise.all(places.flat().map((path) => noteOn(path, now)));
  return notes.filter((note) => note !== undefined);
}

async function noteOn(path: string, now: number): Promise<string | undefined> {
  const file = await readCertificate(path, now);
  if (file.kind === "missing") return undefined; // HAProxy itself says so
  if (file.kind === "faulty") return `certificate ${path}: ${file.fault}`;
  const { certificate } = file.pem;
  if (warningDue(certificate, now) === undefined) return undefined;
  return `certificate ${path}: it ends in ${daysUntil(certificate.ends, now)} days`;
}
