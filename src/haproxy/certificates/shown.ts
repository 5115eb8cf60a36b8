/** A certificate as a running HAProxy shows it. */
export interface ShownCertificate {
  readonly name: string;
  readonly fingerprint: string;
  /** The first and the last moment of its life, in milliseconds of the wall's clock. */
  readonly begins: number;
  readonly ends: number;
  readonly serial: string;
  readonly names: readonly string[];
  /** How many HAProxy sends along with it. */
  readonly chained: number;
}

/** What `show ssl cert` and `show ssl crt-list` list, without what is not committed yet. */
export function shownNames(answer: string): readonly string[] {
  return answer.split("\n").filter((line) => line !== "" && !/^[#*]/.test(line));
}

/** The certificates of the answers to any number of `show ssl cert NAME`; one that is empty or not there is left out. */
export function shownCertificates(answer: string): readonly ShownCertificate[] {
  return answer
    .split(/^(?=Filename: )/m)
    .map(shownCertificate)
    .filter((shown) => shown !== undefined);
}

function shownCertificate(answer: string): ShownCertificate | undefined {
  const lines = answer.split("\n");
  const valueOf = (title: string): string | undefined => {
    return lines.find((line) => line.startsWith(`${title}: `))?.slice(title.length + 2);
  };
  const [name, fingerprint] = [valueOf("Filename"), valueOf("SHA1 FingerPrint")];
  if (name === undefined || fingerprint === undefined) return undefined;
  return {
    ...{ name, fingerprint },
    begins: Date.parse(valueOf("notBefore") ?? ""),
    ends: Date.parse(valueOf("notAfter") ?? ""),
    serial: valueOf("Serial") ?? "",
    names: [...(valueOf("Subject Alternative Name") ?? "").matchAll(/(?:DNS|IP Address):([^,]+)/g)].map(
      ([, each = ""]) => each.trim(),
    ),
    chained: lines.filter((line) => line.startsWith("Chain Subject: ")).length,
  };
}
