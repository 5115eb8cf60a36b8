import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { reasonOf } from "../../errors.js";
import { type Pem, type PemFault, readPem } from "../../haproxy/certificates/pem.js";
import { isCertificateName } from "../../haproxy/certificates/step.js";
import { codeOf } from "../files/errno.js";

/** What is at the path of a certificate. Its text is in nobody's hands for longer than it takes to use it. */
export type CertificateFile =
  | { readonly kind: "missing" }
  | ({ readonly kind: "faulty" } & PemFault)
  | { readonly kind: "good"; readonly pem: Pem; readonly version: string };

/** What HAProxy reads beside a certificate as it starts, and keeps when that certificate is replaced. */
const COMPANIONS = [".issuer", ".ocsp", ".sctl"];

/** Reads a certificate as it should be at a moment of the wall's clock. */
export async function readCertificate(path: string, now: number): Promise<CertificateFile> {
  const version = await versionOf(path);
  if (version === undefined) return { kind: "missing" };
  try {
    const key = await readFile(`${path}.key`, "utf8").catch(() => undefined);
    const read = readPem(await readFile(path, "utf8"), key, now);
    return "fault" in read ? { kind: "faulty", ...read } : { kind: "good", pem: read, version };
  } catch (error) {
    return codeOf(error) === "ENOENT" ? { kind: "missing" } : { kind: "faulty", fault: reasonOf(error) };
  }
}

/** Tells apart what is at a path, and with a key beside it; undefined where there is nothing. */
export async function versionOf(path: string): Promise<string | undefined> {
  const [own, key] = await Promise.all([path, `${path}.key`].map((each) => stat(each).catch(() => undefined)));
  return own && [own, key].map((stats) => stats && `${stats.ino} ${stats.ctimeMs} ${stats.size}`).join("; ");
}

/** Whether HAProxy reads more for a certificate than commands bring in: an issuer, an OCSP response, timestamps. */
export async function hasCompanion(path: string): Promise<boolean> {
  const found = await Promise.all(COMPANIONS.map((ending) => versionOf(`${path}${ending}`)));
  return found.some((version) => version !== undefined);
}

/** The certificates of a folder, as HAProxy names them; undefined where the path leads to no folder that can be read. */
export async function certificatesIn(folder: string): Promise<readonly string[] | undefined> {
  const names = await readdir(folder).catch(() => undefined);
  if (!names) return undefined;
  const paths = names.filter(isCertificateName).map((name) => join(folder, name));
  const isFile = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        (stats) => stats.isFile(),
        () => false,
      ),
    ),
  );
  return paths.filter((_, at) => isFile[at] === true);
}
