import { rootCertificates } from "node:tls";
import type { IOptions } from "etcd3";
import { HecdError } from "../../errors.js";
import { readBytes } from "../files/read-text.js";

/** Paths of PEM files; without `ca` the well-known authorities are trusted. */
export interface CertificateFiles {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** What is in these files, as etcd3 takes it. */
export type Certificates = NonNullable<IOptions["credentials"]>;

/** Reads what is in the files now; fails with `config-invalid` or `file-unreadable`. */
export async function readCertificates({ ca, cert, key }: CertificateFiles): Promise<Certificates> {
  if ((cert === undefined) !== (key === undefined)) {
    const issues = ["a client certificate and its key belong together"];
    throw new HecdError({ code: "config-invalid", source: "the TLS files of etcd", issues });
  }
  return {
    rootCertificate: ca === undefined ? Buffer.from(rootCertificates.join("\n")) : await readBytes(ca),
    ...(cert === undefined || key === undefined
      ? {}
      : { certChain: await readBytes(cert), privateKey: await readBytes(key) }),
  };
}

export function areEqual(one: Certificates, other: Certificates): boolean {
  const parts = ["rootCertificate", "certChain", "privateKey"] as const;
  return parts.every((part) => (one[part] ?? NOTHING).equals(other[part] ?? NOTHING));
}

const NOTHING = Buffer.alloc(0);
