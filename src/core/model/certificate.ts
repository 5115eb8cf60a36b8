/** A certificate with all that may be told of it; nothing of its key is here. */
export interface Certificate {
  /** As HAProxy shows it: hexadecimal, in capitals. */
  readonly serial: string;
  /** SHA-1 of the certificate, as HAProxy shows it. */
  readonly fingerprint: string;
  /** SHA-256 of the certificate with all that stand between it and its authority, in their order. */
  readonly digest: string;
  /** Whom it is for: its names and addresses. */
  readonly names: readonly string[];
  /** The first and the last moment of its life, in milliseconds of the wall's clock. */
  readonly begins: number;
  readonly ends: number;
  /** How many stand between it and its authority. */
  readonly chained: number;
}

/** A certificate of a running HAProxy, for `/state` and `hecd status`. */
export interface CertificateReport {
  /** Its path, by which HAProxy knows it. */
  readonly file: string;
  readonly names: readonly string[];
  readonly serial: string;
  /** The last moment of its life, as ISO 8601. */
  readonly expires: string;
  /** Why what is on disk is not in use; absent where it is. */
  readonly fault?: string;
}
