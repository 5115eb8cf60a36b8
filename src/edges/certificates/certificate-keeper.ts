import type { Emit } from "../../core/events/event.js";
import type { Certificate, CertificateReport } from "../../core/model/certificate.js";
import { HecdError } from "../../errors.js";
import { type Clock, wallTime } from "../../flow/clock.js";
import { asksAuthority } from "../../haproxy/certificates/acme.js";
import type { Pem } from "../../haproxy/certificates/pem.js";
import { type ShownCertificate, shownCertificates, shownNames } from "../../haproxy/certificates/shown.js";
import { commandWord, isPlainPath, speaksOfCertificates, stepFor } from "../../haproxy/certificates/step.js";
import { addCertificate, type Brought, type CertificateTalk, renewCertificate } from "./bring.js";
import { certificatesIn, hasCompanion, readCertificate, versionOf } from "./certificate-files.js";
import { EndTeller } from "./end-teller.js";
import { keepObtained } from "./obtained.js";
import { placesAround, PlaceWatch } from "./place-watch.js";

/** The runtime API as far as certificates need it. */
interface CertificateRuntime {
  say(
    commands: readonly string[],
    pid: number | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly pid: number; readonly answer: string }>;
  hand(command: string, payload: string, pid: number | undefined, signal: AbortSignal): Promise<void>;
}

/** What a keeper works with. */
export interface CertificateKeeperParts {
  readonly resource: string;
  readonly runtime: CertificateRuntime;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** What is known of a certificate of the present worker. */
interface Known {
  readonly shown: ShownCertificate | undefined;
  /** What it was brought to or found to have. */
  readonly certificate?: Certificate;
  /** The version of the file that was last looked at and needs no other look. */
  readonly version?: string | undefined;
  readonly fault?: string | undefined;
}

/** How long what no event told of is left unseen. Just less than the time between two looks at HAProxy. */
const LOOK_EVERY_MS = 4_000;

/** Keeps the certificates of a running HAProxy what they are on disk, without a reload where that is possible. */
export class CertificateKeeper {
  readonly #parts: CertificateKeeperParts;
  readonly #places: PlaceWatch;
  #pid: number | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Why a reload is needed by the last look, until it is made or refused. */
  #reason: string | undefined;
  #folders: readonly string[] = [];
  #known = new Map<string, Known>();
  /** What a reload is asked for: the digest of each certificate, and the version of its file. */
  #asked = new Map<string, { readonly digest: string; readonly version: string }>();
  /** The digest that each certificate had when a reload was made for its sake. */
  readonly #reloadedFor = new Map<string, string>();
  /** Those for which a reload was refused. */
  readonly #held = new Set<string>();
  readonly #told = new Map<string, string>();
  readonly #ends: EndTeller;

  constructor(parts: CertificateKeeperParts) {
    this.#parts = parts;
    this.#places = new PlaceWatch(parts.clock);
    this.#ends = new EndTeller(parts);
  }

  /** All certificates of the present worker, as far as it could be asked. */
  get report(): readonly CertificateReport[] {
    return [...this.#known].flatMap(([file, { shown, certificate, fault }]) => {
      const found = certificate ?? shown;
      const { names = [], serial = "", ends = Number.NaN } = found ?? {};
      const expires = Number.isNaN(ends) ? "" : new Date(ends).toISOString();
      return [{ file, names, serial, expires, ...(fault !== undefined && { fault }) }];
    });
  }

  /** Yields when files of certificates may have changed. Ends only by throwing the signal's reason. */
  async *watch(signal: AbortSignal): AsyncGenerator<undefined, void, undefined> {
    for await (const stir of this.#places.watch(signal)) {
      this.#lookedAt = Number.NEGATIVE_INFINITY;
      yield stir;
    }
  }

  /** Puts on disk what the worker that runs on this text has got from an authority, which would end with it. */
  async keepObtained(text: string, signal: AbortSignal): Promise<void> {
    if (!asksAuthority(text)) return;
    try {
      const { pid } = await this.#parts.runtime.say([], this.#pid, signal);
      await this.#keepObtained(this.#talkTo(pid, signal));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof HecdError)) throw error; // who cannot be asked is told of by others
    }
  }

  /** A reload is proven: another worker serves, which has read the files anew. */
  reloaded(): void {
    for (const [path, { digest }] of this.#asked) this.#reloadedFor.set(path, digest);
    this.#asked.clear();
    this.#held.clear();
    this.#reason = undefined;
    this.#pid = undefined;
    this.#lookedAt = Number.NEGATIVE_INFINITY;
  }

  /** The reload that was asked for would fail, in words of whoever has judged it. */
  refuse(output: string): void {
    this.#reason = undefined;
    for (const [path, { version }] of this.#asked) {
      const known = this.#known.get(path) ?? { shown: undefined };
      this.#held.add(path);
      this.#refuse(path, { ...known, version, fault: `it takes a reload, which would fail: ${output}` });
    }
  }

  /**
   * Brings the certificates of the worker that runs on this text to what they are on disk. Resolves to why that takes a
   * reload; to undefined where it does not, or where a reload would not help, or nobody answers.
   */
  async adjust(text: string, signal: AbortSignal): Promise<string | undefined> {
    const { clock } = this.#parts;
    if (clock.now() - this.#lookedAt < LOOK_EVERY_MS) return this.#reason;
    this.#lookedAt = clock.now();
    if (!speaksOfCertificates(text)) {
      this.#reason = undefined;
      this.#pid = undefined;
      this.#known.clear();
      this.#tellEnds();
      return undefined;
    }
    try {
      this.#reason = await this.#adjust(text, signal);
      return this.#reason;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof HecdError)) throw error;
      this.#reason = undefined;
      this.#pid = undefined; // whoever cannot be asked is told of by others, and is asked again soon
      return undefined;
    }
  }

  async #adjust(text: string, signal: AbortSignal): Promise<string | undefined> {
    const { runtime } = this.#parts;
    this.#asked.clear();
    const { pid } = await runtime.say([], this.#pid, signal);
    if (pid !== this.#pid) await this.#ask(pid, signal);
    const talk = this.#talkTo(pid, signal);
    if (asksAuthority(text)) await this.#keepObtained(talk);
    const folders = await Promise.all(
      this.#folders.map(async (folder) => ({ folder, paths: (await certificatesIn(folder)) ?? [] })),
    );
    const folderOf = new Map(folders.flatMap(({ folder, paths }) => paths.map((path) => [path, folder] as const)));
    const reasons: string[] = [];
    for (const path of new Set([...this.#known.keys(), ...folderOf.keys()])) {
      const reason = await this.#keep(path, folderOf.get(path), talk);
      if (reason !== undefined) reasons.push(`${path}: ${reason}`);
    }
    await this.#follow();
    this.#tellEnds();
    return reasons.length > 0 ? `certificate ${reasons.join("; ")}` : undefined;
  }

  /** Asks a worker that is new for all that it has. */
  async #ask(pid: number, signal: AbortSignal): Promise<void> {
    const talk = this.#talkTo(pid, signal);
    this.#folders = shownNames(await talk.say(["show ssl crt-list"])).filter(isPlainPath);
    const names = shownNames(await talk.say(["show ssl cert"])).filter(isPlainPath);
    const shown = shownCertificates(await talk.say(names.map((name) => `show ssl cert ${commandWord(name)}`)));
    const byName = new Map(shown.map((each) => [each.name, each]));
    this.#known = new Map(names.map((name) => [name, { shown: byName.get(name) }]));
    this.#pid = pid;
  }

  async #keepObtained(talk: CertificateTalk): Promise<void> {
    const { resource, emit } = this.#parts;
    for (const { path, shown, certificate, failure } of await keepObtained(talk, wallTime().getTime())) {
      const fault = failure === undefined ? undefined : `HAProxy has another one, which cannot be written: ${failure}`;
      this.#known.set(path, { shown, certificate, version: await versionOf(path), fault });
      if (fault !== undefined && this.#told.get(path) === fault) continue;
      if (fault === undefined) this.#told.delete(path);
      else this.#told.set(path, fault);
      const { names, serial, ends } = certificate;
      const expires = new Date(ends).toISOString();
      emit({ kind: "certificate-obtained", resource, file: path, names, serial, expires, failure });
    }
  }

  /** Has HAProxy have one certificate as it is on disk; resolves to why that takes a reload. */
  async #keep(path: string, folder: string | undefined, talk: CertificateTalk): Promise<string | undefined> {
    const known = this.#known.get(path) ?? { shown: undefined };
    if (known.version !== undefined && known.version === (await versionOf(path))) return undefined;
    const file = await readCertificate(path, wallTime().getTime());
    if (file.kind === "missing") {
      if (!known.shown) this.#known.delete(path); // else HAProxy has what it had until the next reload
      return undefined;
    }
    if (file.kind === "faulty") {
      const isInUse = known.shown !== undefined && file.certificate?.fingerprint === known.shown.fingerprint;
      if (!isInUse) this.#refuse(path, { ...known, fault: file.fault });
      return undefined;
    }
    const { pem, version } = file;
    const { certificate } = pem;
    const step = stepFor(certificate, known.shown, known.certificate?.digest);
    const begunAt = this.#parts.clock.now();
    const brought = step === "none" ? known : await bring(path, folder, pem, step, talk);
    if ("shown" in brought) {
      this.#told.delete(path);
      this.#known.set(path, { shown: brought.shown, certificate, version });
      if (step !== "none") this.#tellInUse(path, certificate, step, this.#parts.clock.now() - begunAt);
      this.#askAgain();
      return undefined;
    }
    if (this.#reloadedFor.get(path) === certificate.digest) {
      this.#refuse(path, { ...known, version, fault: `a reload has not brought it in either; ${brought.obstacle}` });
      return undefined;
    }
    this.#asked.set(path, { digest: certificate.digest, version });
    return brought.obstacle;
  }

  /** Another file is as it should be now: it may have been what spoke against a reload. */
  #askAgain(): void {
    for (const path of this.#held) {
      const known = this.#known.get(path);
      if (known) this.#known.set(path, { ...known, version: undefined });
    }
    this.#held.clear();
  }

  #refuse(path: string, known: Known & { readonly fault: string }): void {
    const { resource, emit } = this.#parts;
    this.#known.set(path, known);
    if (this.#told.get(path) === known.fault) return;
    this.#told.set(path, known.fault);
    emit({
      kind: "certificate-refused",
      resource,
      file: path,
      reason: known.fault,
      isLoaded: known.shown !== undefined,
    });
  }

  #tellInUse(file: string, { names, serial, ends }: Certificate, step: "renew" | "add", tookMs: number): void {
    const { resource, emit } = this.#parts;
    const how = step === "renew" ? "renewed" : "added";
    emit({
      kind: "certificate-in-use",
      resource,
      file,
      names,
      serial,
      expires: new Date(ends).toISOString(),
      how,
      tookMs,
    });
  }

  #tellEnds(): void {
    this.#ends.tell([...this.#known].flatMap(([file, { shown }]) => (shown ? [{ file, shown }] : [])));
  }

  async #follow(): Promise<void> {
    await this.#places.follow(await placesAround([...this.#known.keys()], [...this.#folders]));
  }

  #talkTo(pid: number, signal: AbortSignal): CertificateTalk {
    const { runtime } = this.#parts;
    return {
      async say(commands) {
        const said = await runtime.say(commands, pid, signal);
        if (said.pid === pid) return said.answer;
        const output = "it was reloaded meanwhile";
        throw new HecdError({ code: "haproxy-failed", what: "be asked for certificates", output });
      },
      hand: (command, payload) => runtime.hand(command, payload, pid, signal),
    };
  }
}

async function bring(
  path: string,
  folder: string | undefined,
  pem: Pem,
  step: "renew" | "add",
  talk: CertificateTalk,
): Promise<Brought> {
  if (await hasCompanion(path)) return { obstacle: "HAProxy reads more beside it, as it starts only" };
  if (step === "renew") return await renewCertificate(path, pem, talk);
  return folder === undefined ? { obstacle: "no folder has it" } : await addCertificate(path, folder, pem, talk);
}
