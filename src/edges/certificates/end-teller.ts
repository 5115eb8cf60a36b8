import type { Emit } from "../../core/events/event.js";
import { wallTime } from "../../flow/clock.js";
import { daysUntil, warningDue } from "../../haproxy/certificates/expiry.js";
import type { ShownCertificate } from "../../haproxy/certificates/shown.js";

/** A certificate in use, and the file that it is of. */
interface InUse {
  readonly file: string;
  readonly shown: ShownCertificate;
}

/** Tells when the certificates of a resource's HAProxy end: as soon as that is another moment, and again when it comes near. */
export class EndTeller {
  readonly #parts: { readonly resource: string; readonly emit: Emit };
  readonly #warned = new Map<string, string>();
  #seen = "[]";

  constructor(parts: { readonly resource: string; readonly emit: Emit }) {
    this.#parts = parts;
  }

  /** All that are in use by now. */
  tell(inUse: readonly InUse[]): void {
    const { resource, emit } = this.#parts;
    const now = wallTime().getTime();
    const certificates = inUse.map(({ file, shown }) => ({ file, ends: shown.ends }));
    const seen = JSON.stringify(certificates);
    if (seen !== this.#seen) emit({ kind: "certificates-compared", resource, certificates });
    this.#seen = seen;
    for (const { file, shown } of inUse) {
      const warning = warningDue(shown, now);
      const words = `${shown.fingerprint} ${warning}`;
      if (warning === undefined || this.#warned.get(file) === words) continue;
      this.#warned.set(file, words);
      const { names, ends } = shown;
      const [expires, daysLeft] = [new Date(ends).toISOString(), daysUntil(ends, now)];
      emit({ kind: "certificate-ends", resource, file, names, expires, daysLeft });
    }
  }
}
