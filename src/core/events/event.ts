// Long because every event stands in one union, which the compiler holds its readers to.
/** A store that is not etcd, as people are told of it. */
export type Product = "Redis" | "ZooKeeper" | "Consul";

/**
 * Everything worth telling. The daemons and edges tell; the journal decides how it is logged and what it counts.
 *
 * `lastedMs` is 0 when an outage begins; the same event with a larger number says that it goes on.
 */
export type HecdEvent =
  // Docker
  | { readonly kind: "docker-connected"; readonly url: string; readonly version: string; readonly afterMs: number }
  | {
      readonly kind: "docker-unreachable";
      readonly url: string;
      readonly reason: string;
      /** Whether something does answer there. */
      readonly answers?: boolean;
      readonly lastedMs: number;
    }
  | { readonly kind: "docker-event"; readonly action: string; readonly container: string }
  // Agent
  | { readonly kind: "advertising"; readonly ip: string; readonly how: string }
  | {
      readonly kind: "reconciled";
      readonly containers: number;
      /** Containers that could not be looked at, by the reason. */
      readonly unreadable: number;
      readonly unanswered: number;
      readonly instances: number;
      readonly transactions: number;
      readonly tookMs: number;
      /** How long the oldest event that led to this has waited for its end; undefined when none did. */
      readonly lagMs: number | undefined;
    }
  /** `change` is the id by which logs and histories of renderers name the write; absent where nothing was written. */
  | { readonly kind: "registered"; readonly key: string; readonly value: string; readonly change?: string }
  | { readonly kind: "deregistered"; readonly key: string; readonly change?: string }
  | {
      readonly kind: "skipped";
      readonly container: string;
      readonly reason: string;
      readonly advice: string;
      /** Whether it stays in the records, as one that gets no new work. */
      readonly isKept: boolean;
    }
  | {
      readonly kind: "probe-waits";
      readonly container: string;
      readonly asked: string;
      /** What whoever listens there does instead of an answer; undefined where nobody listens. */
      readonly words?: string | undefined;
    }
  | { readonly kind: "stop-lingers" | "stop-outlived"; readonly container: string; readonly afterMs: number }
  | { readonly kind: "key-conflict"; readonly key: string; readonly held: string }
  | { readonly kind: "key-replaced"; readonly key: string; readonly held: string }
  | { readonly kind: "contested"; readonly agreeing: number; readonly differing: number }
  | { readonly kind: "session-opened"; readonly lease: string; readonly ttlSeconds: number; readonly adopted: boolean }
  | { readonly kind: "session-lost"; readonly lease: string; readonly reason: string }
  | { readonly kind: "claim-held"; readonly key: string; readonly holder: string; readonly lastedMs: number }
  // Store
  | {
      readonly kind: "store-connected";
      readonly product?: Product;
      readonly endpoints: readonly string[];
      readonly afterMs: number;
    }
  | {
      readonly kind: "store-unreachable";
      readonly product?: Product;
      readonly endpoints: readonly string[];
      readonly reason: string;
      /** That it answers, and says no. */
      readonly answers?: boolean;
      readonly lastedMs: number;
    }
  /** It refuses all that needs space, and does the rest. */
  | {
      readonly kind: "store-full";
      readonly product?: Product;
      readonly endpoints: readonly string[];
      readonly reason: string;
      readonly lastedMs: number;
    }
  | {
      readonly kind: "store-has-space";
      readonly product?: Product;
      readonly endpoints: readonly string[];
      readonly afterMs: number;
    }
  | {
      readonly kind: "watch-resumed";
      readonly prefix: string;
      readonly how: "continued" | "listed";
      readonly reason: string;
    }
  | { readonly kind: "lease-renewed"; readonly lease: string; readonly ttlSeconds: number }
  // Renderer
  | { readonly kind: "resources-loaded"; readonly resources: readonly string[] }
  | { readonly kind: "resource-invalid"; readonly file: string; readonly reason: string }
  | { readonly kind: "value-left-out"; readonly key: string; readonly reason: string }
  | { readonly kind: "rendered"; readonly resource: string; readonly bytes: number; readonly tookMs: number }
  | { readonly kind: "render-failed"; readonly resource: string; readonly reason: string }
  | {
      readonly kind: "out-of-sync";
      readonly resource: string;
      readonly dest: string;
      readonly differences: readonly Difference[];
    }
  | {
      readonly kind: "checked";
      readonly resource: string;
      readonly accepted: boolean;
      readonly tookMs: number;
      readonly output: string;
    }
  | {
      readonly kind: "applied";
      readonly resource: string;
      readonly dest: string;
      readonly outcome: Outcome;
      readonly tookMs: number;
      /** Why, in words; absent where nobody keeps that. */
      readonly why?: string;
      /** What commands have done to a running HAProxy, in words. */
      readonly did?: readonly string[];
      /** The changes of keys that led to it, as `registered` names them. */
      readonly changes?: readonly string[];
    }
  | { readonly kind: "written-in-place"; readonly path: string }
  /** A file that we have not written is replaced for the first time; `copy` is kept for good. */
  | { readonly kind: "original-kept"; readonly path: string; readonly copy: string }
  /** A file is not as it was left: somebody else has written to it. `differences` say where, and nothing that stands there. */
  | {
      readonly kind: "file-edited";
      readonly resource: string;
      readonly dest: string;
      readonly differences: readonly string[];
    }
  | {
      readonly kind: "history-unwritable";
      readonly resource: string;
      readonly reason: string;
      readonly lastedMs: number;
    }
  /** A file keeps an earlier text, whatever the store and the template say. */
  | {
      readonly kind: "pinned";
      readonly resource: string;
      /** The entry of the history that it is pinned to. */
      readonly id: number;
      readonly lastedMs: number;
      /** When it ends by itself, as ISO 8601. */
      readonly until?: string;
      /** Servers that are kept out of work, since the store no longer has them, as `backend/server`. */
      readonly out: readonly string[];
      /** How many addresses of the store the text does not have. */
      readonly waiting: number;
    }
  | { readonly kind: "pin-ended"; readonly resource: string; readonly id: number; readonly by: "order" | "time" }
  // HAProxy
  | {
      readonly kind: "reloaded";
      readonly by: string;
      readonly succeeded: boolean;
      readonly tookMs: number;
      readonly output: string;
    }
  | {
      readonly kind: "haproxy-adjusted";
      readonly resource: string;
      /** Runtime commands that were sent. */
      readonly commands: number;
      readonly tookMs: number;
    }
  | {
      readonly kind: "haproxy-unreachable";
      readonly resource: string;
      readonly reason: string;
      readonly lastedMs: number;
    }
  | { readonly kind: "haproxy-reached"; readonly resource: string; readonly afterMs: number }
  | { readonly kind: "haproxy-differs"; readonly resource: string; readonly differences: readonly string[] }
  /** All servers were compared with the file; `differing` is how many are not as it says, once all was done about it. */
  | { readonly kind: "haproxy-compared"; readonly resource: string; readonly differing: number }
  /** More servers than usual are out and wait to be deleted, and have been for long. */
  | {
      readonly kind: "servers-linger";
      readonly resource: string;
      readonly servers: number;
      readonly lastedMs: number;
    }
  | { readonly kind: "servers-deleted"; readonly resource: string; readonly servers: readonly string[] }
  /** Another certificate is in use, without a reload. */
  | {
      readonly kind: "certificate-in-use";
      readonly resource: string;
      readonly file: string;
      readonly names: readonly string[];
      readonly serial: string;
      /** ISO 8601. */
      readonly expires: string;
      readonly how: "renewed" | "added";
      readonly tookMs: number;
    }
  /** HAProxy has got one from an authority by itself; with `failure` that could not be put on disk. */
  | {
      readonly kind: "certificate-obtained";
      readonly resource: string;
      readonly file: string;
      readonly names: readonly string[];
      readonly serial: string;
      /** ISO 8601. */
      readonly expires: string;
      readonly failure: string | undefined;
    }
  /** What is on disk cannot be used; with `isLoaded`, the one before it is. */
  | {
      readonly kind: "certificate-refused";
      readonly resource: string;
      readonly file: string;
      readonly reason: string;
      readonly isLoaded: boolean;
    }
  | {
      readonly kind: "certificate-ends";
      readonly resource: string;
      readonly file: string;
      readonly names: readonly string[];
      /** ISO 8601. */
      readonly expires: string;
      /** Negative once it has ended. */
      readonly daysLeft: number;
    }
  /** The certificates in use, with the last moment of each in milliseconds of the wall's clock. */
  | {
      readonly kind: "certificates-compared";
      readonly resource: string;
      readonly certificates: readonly { readonly file: string; readonly ends: number }[];
    }
  | { readonly kind: "reload-needed"; readonly resource: string; readonly reason: string }
  /** A reload waits until one of the slots of its group is free. */
  | {
      readonly kind: "reload-waits";
      readonly resource: string;
      readonly group: string;
      /** Who has them, or why nobody can say. */
      readonly holders: readonly string[];
      readonly lastedMs: number;
    }
  | { readonly kind: "reload-slot-taken"; readonly resource: string; readonly group: string; readonly waitedMs: number }
  | {
      readonly kind: "reload-without-slot";
      readonly resource: string;
      readonly group: string;
      readonly waitedMs: number;
      readonly reason: string;
    }
  | {
      readonly kind: "haproxy-watched";
      readonly resource: string;
      readonly oldWorkers: number;
      /** Memory of the old workers; 0 where it may not be read. */
      readonly oldBytes: number;
      readonly leaving: number;
    }
  | { readonly kind: "haproxy-started"; readonly pid: number; readonly version: string }
  | { readonly kind: "haproxy-said"; readonly line: string }
  | { readonly kind: "haproxy-exited"; readonly how: string; readonly output: string }
  // Settings
  | { readonly kind: "backend-chosen"; readonly backend: string; readonly sources: readonly string[] }
  | { readonly kind: "source-unreadable"; readonly source: string; readonly reason: string }
  | { readonly kind: "advice"; readonly about: string; readonly advice: string }
  // Process
  | { readonly kind: "stalled"; readonly lastedMs: number; readonly ttlSeconds: number }
  | { readonly kind: "listening"; readonly url: string }
  | { readonly kind: "stopping"; readonly why: string };

/** One respect in which a file is not as it should be. */
export interface Difference {
  readonly what: "md5sum" | "mode" | "UID" | "GID" | `md5sum of ${string}`;
  readonly has: string;
  readonly shouldBe: string;
}

/** How one attempt to bring a file, and what reads it, up to date has ended. */
export type Outcome =
  /** The file holds this text already. */
  | { readonly kind: "unchanged" }
  /** It would take most of the servers of a backend away, or the last one; taken up when that is still so after a while. */
  | { readonly kind: "held"; readonly losses: readonly string[] }
  /** Dry run: this is what would change, as a unified diff. */
  | { readonly kind: "would-change"; readonly diff: string }
  /** The check refused the text; the file is untouched. */
  | { readonly kind: "rejected"; readonly output: string; readonly exitCode?: number }
  /**
   * What reads the file has taken the text over: by runtime commands, or by a reload for the reason given. The file itself
   * may still be due.
   */
  | {
      readonly kind: "applied";
      readonly bytes: number;
      readonly commands?: number;
      readonly reload?: string;
      readonly isFileDue?: true;
    }
  /** The file is in place and was loaded, and what reads it runs something else; looked at again all the time. */
  | { readonly kind: "differs"; readonly output: string }
  /** The file is new and was accepted, but nothing runs yet that reads it; tried again until something does. */
  | { readonly kind: "waiting"; readonly output: string }
  /** The reload failed; the last good file is back. */
  | { readonly kind: "rolled-back"; readonly output: string }
  /** The file is new, but what reads it could not be brought to take it over; tried again. */
  | { readonly kind: "reload-failed"; readonly output: string; readonly exitCode?: number }
  /** The text could not be made or written. */
  | { readonly kind: "failed"; readonly reason: string };

/** Takes what is worth telling, with the host that it concerns where there are several; never throws, never waits. */
export type Emit = (event: HecdEvent, host?: string) => void;
