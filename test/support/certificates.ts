import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const openssl = promisify(execFile);

/** Where the certificates of one authority lie: of the engine, and of a client, as Docker names the files. */
export interface Certificates {
  /** `ca.pem`, `cert.pem` and `key.pem`. */
  readonly client: string;
  /** What lets an engine speak TLS with these certificates, and with nobody who has none of them. */
  readonly engineFlags: readonly string[];
}

/** How keys are made: quickly, and valid for a day. */
const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];

/** Makes an authority that has signed an engine on 127.0.0.1, and a client, in `directory`; valid for a day. */
export async function makeCertificates(directory: string): Promise<Certificates> {
  const at = (name: string): string => join(directory, name);
  const ca = ["-keyout", at("ca-key.pem"), "-out", at("ca.pem"), "-subj", "/CN=authority"];
  await openssl("openssl", ["req", "-x509", ...NEW_KEY, ...ca]);
  const server = "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n";
  await sign(directory, "engine", { key: "engine-key.pem", certificate: "engine.pem" }, server);
  await sign(directory, "client", { key: "key.pem", certificate: "cert.pem" }, "extendedKeyUsage=clientAuth\n");
  return {
    client: directory,
    engineFlags: [
      "--tlsverify",
      ...["--tlscacert", at("ca.pem"), "--tlscert", at("engine.pem"), "--tlskey", at("engine-key.pem")],
    ],
  };
}

/**
 * Has the authority that lies in `authority` sign a server of that name, or one below it that is named; certificate and key,
 * as HAProxy wants them.
 */
export async function makeServerPem(authority: string, name: string, by?: string): Promise<string> {
  const files = { key: `${name}-key.pem`, certificate: `${name}-cert.pem` };
  await sign(authority, name, files, `subjectAltName=DNS:${name}\nextendedKeyUsage=serverAuth\n`, by);
  const [key, certificate] = [files.key, files.certificate].map((file) => readFile(join(authority, file), "utf8"));
  return `${await certificate}${await key}`;
}

/**
 * Makes an authority in `authority` and a folder below it, with what HAProxy wants of each server: their names by the
 * names of the files. Resolves to the path of that folder.
 */
export async function makeCertificateFolder(
  authority: string,
  servers: Readonly<Record<string, string>>,
  name = "certs",
): Promise<string> {
  const folder = join(authority, name);
  await makeCertificates(authority);
  await mkdir(folder);
  for (const [file, server] of Object.entries(servers))
    await writeFile(join(folder, file), await makeServerPem(authority, server));
  return folder;
}

/** Has the authority, or one below it that is named, sign another one; its certificate, and what `makeServerPem` names it by. */
export async function makeIntermediate(authority: string, name: string, by?: string): Promise<string> {
  const files = { key: `${name}-key.pem`, certificate: `${name}.pem` };
  await sign(authority, name, files, "basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n", by);
  return readFile(join(authority, files.certificate), "utf8");
}

/** Makes a key and has the authority in this folder sign a certificate for it, or one below it. */
async function sign(
  directory: string,
  name: string,
  { key, certificate }: { readonly key: string; readonly certificate: string },
  extensions: string,
  by = "ca",
): Promise<void> {
  const at = (file: string): string => join(directory, file);
  const [request, file] = [at(`${name}.csr`), at(`${name}.ext`)];
  await writeFile(file, extensions);
  await openssl("openssl", ["req", ...NEW_KEY, "-keyout", at(key), "-out", request, "-subj", `/CN=${name}`]);
  const authority = ["-CA", at(`${by}.pem`), "-CAkey", at(`${by}-key.pem`), "-CAcreateserial", "-days", "1"];
  await openssl("openssl", ["x509", "-req", "-in", request, ...authority, "-out", at(certificate), "-extfile", file]);
}
