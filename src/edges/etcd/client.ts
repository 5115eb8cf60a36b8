import { readFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import { circuitBreaker, ConsecutiveBreaker, ExponentialBackoff, handleWhen, noop, retry as retrying } from "cockatiel";
import { Etcd3, type IOptions, isRecoverableError, type KVClient, type LeaseClient, type WatchClient } from "etcd3";
import type { Emit } from "../../core/events/event.js";
import { HecdError, reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { abortable } from "../../flow/linked-signal.js";
import { Outage } from "../../flow/outage.js";
import { backoff, retry } from "../../flow/retry.js";
import { type MemberEndpoint, parseEndpoint } from "./endpoint.js";
import { faultOf, saysCompacted, saysLeaseIsGone } from "./errors.js";
import { probeMember } from "./probe.js";

/** Where etcd is and how to be let in. */
export interface EtcdOptions {
  /** See `parseEndpoint`; several are members of one cluster. */
  readonly endpoints: readonly string[];
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Paths of PEM files; without `ca` the well-known authorities are trusted. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** What every part that speaks to etcd needs besides. */
export interface EtcdDeps {
  readonly clock: Clock;
  readonly emit: Emit;
}

/** How long one request may take. */
const REQUEST_MS = 2_000;

/** Waits between attempts while etcd is away: the first at once, the longest short enough to be back soon after it. */
const LONGEST_WAIT_MS = 1_000;

/**
 * After how long without an answer it is tried whether only gRPC does not get through: it waits for ever for a
 * connection that it is making when the network loses packets just then, and for a minute if TCP is to begin anew.
 */
const STUCK_MS = 5_000;

/**
 * The connection to etcd: etcd3's plain RPC clients with deadlines, pings and failover, and the one place that knows
 * whether etcd answers and tells so.
 */
export class EtcdClient {
  readonly endpoints: readonly string[];
  readonly clock: Clock;
  readonly emit: Emit;
  readonly #options: IOptions;
  readonly #outage: Outage;
  #etcd: Etcd3;
  /** The one before it, for what may still be under way there. */
  #former: Etcd3 | undefined;
  #dials = 0;
  /** Since when this connection has not answered. */
  #silentSince = 0;
  #isProbing = false;
  #hasAnswered = false;
  readonly #closing = new AbortController();

  constructor(options: IOptions, endpoints: readonly string[], { clock, emit }: EtcdDeps) {
    this.#options = options;
    this.#etcd = this.#dial();
    this.endpoints = endpoints;
    this.clock = clock;
    this.emit = emit;
    this.#outage = new Outage(clock);
  }

  get kv(): KVClient {
    return this.#etcd.kv;
  }

  get leases(): LeaseClient {
    return this.#etcd.leaseClient;
  }

  get watches(): WatchClient {
    return this.#etcd.watchClient;
  }

  /** Makes a request once; fails with `store-unreachable` or `store-refused`, which it tells, or the signal's reason. */
  async ask<T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      const answer = await abortable(request(), signal);
      this.#answered();
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      const fault = faultOf(error, this.endpoints);
      if (saysLeaseIsGone(fault) || saysCompacted(fault)) this.#answered();
      else this.#failed(fault);
      throw fault;
    }
  }

  /**
   * Makes a request until etcd answers it, however long it is away or refuses.
   *
   * Fails only with the signal's reason, or because the lease or the revision asked for is gone, which no repetition
   * brings back. A request may be carried out twice: an answer that was lost is asked for again.
   */
  insist<T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return retry(() => this.ask(request, signal), {
      waits: patience(),
      isTransient: (error) => !saysLeaseIsGone(error) && !saysCompacted(error),
      onRetry: () => undefined, // has been told
      clock: this.clock,
      signal,
    });
  }

  /** Closes the connections; streams must have been ended before. */
  close(): void {
    this.#closing.abort(new DOMException("The client was closed", "AbortError"));
    this.#former?.close();
    this.#etcd.close();
  }

  /** Connections of its own: gRPC shares those whose options are equal. */
  #dial(): Etcd3 {
    return new Etcd3({
      ...this.#options,
      grpcOptions: { ...this.#options.grpcOptions, "hecd.dial": ++this.#dials },
    });
  }

  #answered(): void {
    const afterMs = this.#outage.recovered() ?? (this.#hasAnswered ? undefined : 0);
    this.#hasAnswered = true;
    if (afterMs !== undefined) this.emit({ kind: "store-connected", endpoints: this.endpoints, afterMs });
  }

  #failed(fault: HecdError): void {
    void this.#dialAnewIfStuck();
    const lastedMs = this.#outage.failed();
    if (lastedMs === undefined) return;
    const reason = "reason" in fault.fault ? fault.fault.reason : fault.message;
    this.emit({ kind: "store-unreachable", endpoints: this.endpoints, reason, lastedMs });
  }

  /** Makes connections anew where a member answers and those that there are have not for long. */
  async #dialAnewIfStuck(): Promise<void> {
    if (!this.#outage.lasting) this.#silentSince = this.clock.now();
    if (this.#isProbing || this.clock.now() - this.#silentSince < STUCK_MS) return;
    this.#isProbing = true;
    const answers = await Promise.all(this.#memberProbes());
    this.#isProbing = false;
    if (!answers.includes(true) || !this.#outage.lasting || this.#closing.signal.aborted) return;
    this.#former?.close();
    this.#former = this.#etcd;
    this.#etcd = this.#dial();
    this.#silentSince = this.clock.now();
  }

  #memberProbes(): readonly Promise<boolean>[] {
    const { credentials } = this.#options;
    const scheme = credentials ? "https" : "http";
    const { rootCertificate: ca, certChain: cert, privateKey: key } = credentials ?? {};
    return this.endpoints.map((at) =>
      probeMember(`${scheme}://${at}`, { ca, cert, key }, this.clock, this.#closing.signal),
    );
  }
}

/** Waits for repeated attempts: none, then from 100 ms up to 1 s. */
export function* patience(): Generator<number, never> {
  yield 0;
  return yield* backoff(100, LONGEST_WAIT_MS);
}

/** A point in time for gRPC, which counts in wall time. */
export function deadlineIn(ms: number): Date {
  return new Date(new Date().getTime() + ms);
}

/** Builds the connection, without making it: the first request does. Throws `config-invalid` or `file-unreadable`. */
export async function openClient(options: EtcdOptions, deps: EtcdDeps): Promise<EtcdClient> {
  const endpoints = options.endpoints.map(parseEndpoint);
  const tls = usesTls(endpoints, options);
  const addresses = endpoints.map(({ address }) => address);
  const { username, password } = options;
  return new EtcdClient(
    {
      hosts: addresses.map((address) => (tls ? `https://${address}` : address)),
      ...(tls ? { credentials: await credentialsOf(options) } : {}),
      ...(username === undefined ? {} : { auth: { username, password: password ?? "" } }),
      // A function, since an object would hold one deadline for all requests.
      defaultCallOptions: ({ isStream }) => (isStream ? {} : { deadline: deadlineIn(REQUEST_MS) }),
      grpcOptions: {
        // etcd answers more than one ping in 5 s with a goodbye.
        "grpc.keepalive_time_ms": 10_000,
        "grpc.keepalive_timeout_ms": 3_000,
        "grpc.initial_reconnect_backoff_ms": 200,
        "grpc.max_reconnect_backoff_ms": 500,
        "grpc.max_receive_message_length": 64 * 1024 * 1024,
        // As etcd's own client: no proxy of the environment, no look-up of TXT records.
        "grpc.enable_http_proxy": 0,
        "grpc.service_config_disable_resolution": 1,
      },
      faultHandling: endpoints.length === 1 ? { host: () => noop, global: noop } : failover(),
    },
    addresses,
    deps,
  );
}

/** Leaves a member alone for a moment after two failures, and tries the others meanwhile. */
function failover(): NonNullable<IOptions["faultHandling"]> {
  const recoverable = handleWhen(isRecoverableError);
  return {
    host: () => circuitBreaker(recoverable, { halfOpenAfter: 1_500, breaker: new ConsecutiveBreaker(2) }),
    global: retrying(recoverable, {
      maxAttempts: 4,
      backoff: new ExponentialBackoff({ initialDelay: 50, maxDelay: 500 }),
    }),
  };
}

/** The scheme decides; without one, the presence of TLS files does. */
function usesTls(endpoints: readonly MemberEndpoint[], { ca, cert, key }: EtcdOptions): boolean {
  const hasFiles = [ca, cert, key].some((path) => path !== undefined);
  const wanted = new Set(endpoints.map(({ tls }) => tls ?? hasFiles));
  const refuse = (issue: string): never => {
    throw new HecdError({ code: "config-invalid", source: "the etcd endpoints", issues: [issue] });
  };
  if (wanted.size === 0) return refuse("there is none");
  if (wanted.size > 1) return refuse("either all or none must use TLS");
  return wanted.has(true);
}

async function credentialsOf({ ca, cert, key }: EtcdOptions): Promise<NonNullable<IOptions["credentials"]>> {
  if ((cert === undefined) !== (key === undefined)) {
    const issues = ["a client certificate and its key belong together"];
    throw new HecdError({ code: "config-invalid", source: "the TLS files of etcd", issues });
  }
  return {
    rootCertificate: ca === undefined ? Buffer.from(rootCertificates.join("\n")) : await pem(ca),
    ...(cert === undefined || key === undefined ? {} : { certChain: await pem(cert), privateKey: await pem(key) }),
  };
}

async function pem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new HecdError({ code: "file-unreadable", path, reason: reasonOf(error) }, { cause: error });
  }
}
