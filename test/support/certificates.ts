import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
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

/** Makes an authority that has signed an engine on 127.0.0.1, and a client, in `directory`; valid for a day. */
export async function makeCertificates(directory: string): Promise<Certificates> {
  const at = (name: string): string => join(directory, name);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  const ca = ["-keyout", at("ca-key.pem"), "-out", at("ca.pem"), "-subj", "/CN=authority"];
  await openssl("openssl", ["req", "-x509", ...newKey, ...ca]);
  const sign = async (name: string, key: string, certificate: string, extensions: string): Promise<void> => {
    const [request, file] = [at(`${name}.csr`), at(`${name}.ext`)];
    await writeFile(file, extensions);
    await openssl("openssl", ["req", ...newKey, "-keyout", at(key), "-out", request, "-subj", `/CN=${name}`]);
    const authority = ["-CA", at("ca.pem"), "-CAkey", at("ca-key.pem"), "-CAcreateserial", "-days", "1"];
    await openssl("openssl", ["x509", "-req", "-in", request, ...authority, "-out", at(certificate), "-extfile", file]);
  };
  await sign("engine", "engine-key.pem", "engine.pem", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n");
  await sign("client", "key.pem", "cert.pem", "extendedKeyUsage=clientAuth\n");
  return {
    client: directory,
    engineFlags: [
      "--tlsverify",
      ...["--tlscacert", at("ca.pem"), "--tlscert", at("engine.pem"), "--tlskey", at("engine-key.pem")],
    ],
  };
}
