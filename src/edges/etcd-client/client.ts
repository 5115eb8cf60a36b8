import { InterceptingCall, type Interceptor } from "@grpc/grpc-js";
import type { Etcd3, IOptions } from "etcd3";
import { HecdError, reasonOf } from "../../errors.js";
import { type Clock, wallTime } from "../../flow/clock.js";
import { areEqual, type CertificateFiles, type Certificates, readCertificates } from "./certificates.js";
import { type Account, accountOf, type Connection, connectionBy } from "./connection.js";
import { faultHandling } from "./failover.js";
import { type MemberEndpoint, parseEndpoint } from "./endpoint.js";
import { Patience } from "./patience.js";
import { probeMember } from "./probe.js";
import type {
  EtcdRpc,
  KeepAliveAnswer,
  KeepAliveRequest,
  LeaseAnswer,
  RangeAnswer,
  RangeRequest,
  RpcStream,
  TxnAnswer,
  TxnRequest,
  WatchAnswer,
  WatchRequest,
} from "./rpc.js";

/** Where etcd is and how to be let in. */
export interface EtcdOptions extends CertificateFiles {
  /** See `parseEndpoint`; several are members of one cluster. */
  readonly endpoints: readonly string[];
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Has the password in its first line, read at each log-in; counts more than `password`. */
  readonly passwordFile?: string | undefined;
}

/** How long who is far away may take to say its first word. */
const FIRST_WORD_MS = 5_000;

/** How often the files of TLS are looked at while all is well. */
const LOOK_MS = 5_000;

/** By what a client is let in. */
interface Secrets {
  readonly account: Account | undefined;
  /** Undefined in the clear. */
  readonly certificates: Certificates | undefined;
  /** What is in the files of the certificates by now. */
  readonly readCertificates: () => Promise<Certificates>;
}

/**
 * etcd3's plain RPC clients, with deadlines, pings and failover, and with secrets as they are on disk.
 *
 * Its watcher and its leases are not used: they lose changes and give up.
 */
export class EtcdClient implements EtcdRpc {
  readonly endpoints: readonly string[];
  readonly #options: IOptions;
  readonly #secrets: Secrets;
  readonly #patience: Patience;
  readonly #clock: Clock;
  #certificates: Certificates | undefined;
  #connection: Connection;
  /** The one before it, for what may still be under way there. */
  #former: Connection | undefined;
  #dials = 0;
  #lookedAt: number;
  #isLooking = false;
  #isMeasuring = false;
  readonly #closing = new AbortController();

  /** `options` are those of all connections, without what `secrets` have; requests take as long as `patience` has. */
  constructor(options: IOptions, secrets: Secrets, patience: Patience, endpoints: readonly string[], clock: Clock) {
    this.#options = options;
    this.#secrets = secrets;
    this.#patience = patience;
    this.#certificates = secrets.certificates;
    this.#connection = this.#dial();
    this.endpoints = endpoints;
    this.#clock = clock;
    this.#lookedAt = clock.now();
  }

  get patienceMs(): number {
    return this.#patience.ms;
  }

  range(request: RangeRequest, withinMs?: number): Promise<RangeAnswer> {
    return this.#ask(({ kv }) => kv.range(request, this.#within(withinMs)));
  }

  txn(request: TxnRequest, withinMs?: number): Promise<TxnAnswer> {
    return this.#ask(({ kv }) => kv.txn(request, this.#within(withinMs)));
  }

  grantLease(ttlSeconds: number): ReturnType<EtcdRpc["grantLease"]> {
    return this.#ask(({ leaseClient }) => leaseClient.leaseGrant({ TTL: ttlSeconds }));
  }

  revokeLease(id: string): Promise<unknown> {
    return this.#ask(({ leaseClient }) => leaseClient.leaseRevoke({ ID: id }));
  }

  readLease(id: string, withKeys: "with-keys" | "without-keys"): Promise<LeaseAnswer> {
    return this.#ask(({ leaseClient }) => leaseClient.leaseTimeToLive({ ID: id, keys: withKeys === "with-keys" }));
  }

  openKeepAlive(withinMs: number): Promise<RpcStream<KeepAliveRequest, KeepAliveAnswer>> {
    return this.#open(({ leaseClient }) => leaseClient.leaseKeepAlive(callWithin(withinMs)));
  }

  openWatch(): Promise<RpcStream<WatchRequest, WatchAnswer>> {
    return this.#open(({ watchClient }) => watchClient.watch({ interceptors: [requireLeader] }));
  }

  async probe(withinMs?: number): Promise<boolean> {
    const scheme = this.#certificates ? "https" : "http";
    const { rootCertificate: ca, certChain: cert, privateKey: key } = this.#certificates ?? {};
    const answers = await Promise.all(
      this.endpoints.map((at) =>
        probeMember(`${scheme}://${at}`, { ca, cert, key }, this.#clock, this.#closing.signal, withinMs),
      ),
    );
    return answers.includes(true);
  }

  redial(): void {
    const connection = this.#dial();
    this.#former?.close();
    this.#former = this.#connection;
    this.#connection = connection;
  }

  close(): void {
    this.#closing.abort(new DOMException("The client was closed", "AbortError"));
    this.#former?.close();
    this.#connection.close();
  }

  /** Makes a request that is answered, and sees how long that takes. */
  async #ask<T>(request: (etcd: Etcd3) => Promise<T>): Promise<T> {
    const began = this.#clock.now();
    const answer = await this.#call(request);
    this.#patience.answered(this.#clock.now() - began);
    return answer;
  }

  /** Makes a request, once more where only its token had become too old. */
  async #call<T>(request: (etcd: Etcd3) => Promise<T>): Promise<T> {
    if (this.#clock.now() - this.#lookedAt >= LOOK_MS) void this.#lookAtFiles();
    const connection = this.#connection;
    try {
      return await request(connection.etcd).catch((error: unknown) => {
        if (!saysTokenIsOld(error)) throw error;
        connection.forgetToken();
        return request(connection.etcd);
      });
    } catch (error) {
      if (saysTooLate(error)) void this.#measure();
      await this.#lookAtFiles();
      throw error;
    }
  }

  /** At least as long as any request may take. */
  #within(ms: number | undefined): ReturnType<typeof callWithin> {
    return callWithin(ms === undefined ? undefined : Math.max(ms, this.#patience.ms));
  }

  /** Finds out whether the way is long, or nobody there. Never rejects. */
  async #measure(): Promise<void> {
    if (this.#isMeasuring) return;
    this.#isMeasuring = true;
    const began = this.#clock.now();
    if (await this.probe(FIRST_WORD_MS)) this.#patience.reached(this.#clock.now() - began);
    this.#isMeasuring = false;
  }

  /** Opens a stream; when it fails, the next one comes with what is on disk then. */
  async #open<S extends RpcStream<never, unknown>>(stream: (etcd: Etcd3) => Promise<S>): Promise<S> {
    const connection = this.#connection;
    const opened = await this.#call(stream);
    opened.on("error", (error) => {
      if (saysTokenIsOld(error)) connection.forgetToken();
      void this.#lookAtFiles();
    });
    return opened;
  }

  /** Makes new connections where the certificates on disk are others by now. Never rejects. */
  async #lookAtFiles(): Promise<void> {
    const present = this.#certificates;
    if (!present || this.#isLooking) return;
    this.#isLooking = true;
    try {
      const found = await this.#secrets.readCertificates();
      if (areEqual(found, present) || this.#closing.signal.aborted) return;
      this.#certificates = found;
      this.redial();
    } catch {
      // Half of what is being replaced, most likely: it is looked at again, and requests tell when they are refused.
      this.#certificates = present;
    } finally {
      this.#lookedAt = this.#clock.now();
      this.#isLooking = false;
    }
  }

  /** Connections of its own: gRPC shares those whose options are equal. */
  #dial(): Connection {
    const credentials = this.#certificates;
    const grpcOptions = { ...this.#options.grpcOptions, "hecd.dial": ++this.#dials };
    const options = { ...this.#options, grpcOptions, ...(credentials && { credentials }) };
    return connectionBy(options, this.#secrets.account);
  }
}

/** Whether a request has got no answer in its time. */
function saysTooLate(error: unknown): boolean {
  return reasonOf(error).includes("Deadline exceeded");
}

/** Whether a token was refused by which a member had let us in: users or roles have been changed since. */
function saysTokenIsOld(error: unknown): boolean {
  const message = reasonOf(error);
  return message.includes("revision of auth store is old") || message.includes("invalid auth token");
}

/** Has a member that is cut off from the others end the stream: it would wait there in silence for what they are told. */
const requireLeader: Interceptor = (options, nextCall) =>
  new InterceptingCall(nextCall(options), {
    start(metadata, listener, next) {
      const own = metadata.clone(); // etcd3 has one for all requests
      own.set("hasleader", "true");
      next(own, listener);
    },
  });

/** The options of a call that takes no longer than `ms`; of one that takes as long as usual when undefined. */
function callWithin(ms: number | undefined): { readonly deadline: Date } | undefined {
  return ms === undefined ? undefined : { deadline: deadlineIn(ms) };
}

/** A point in time for gRPC, which counts in wall time. */
function deadlineIn(ms: number): Date {
  return new Date(wallTime().getTime() + ms);
}

/** Builds the connection, without making it: the first request does. Throws `config-invalid` or `file-unreadable`. */
export async function openClient(options: EtcdOptions, clock: Clock): Promise<EtcdClient> {
  const endpoints = options.endpoints.map(parseEndpoint);
  const tls = usesTls(endpoints, options);
  const addresses = endpoints.map(({ address }) => address);
  const secrets = {
    account: await accountOf(options),
    certificates: tls ? await readCertificates(options) : undefined,
    readCertificates: () => readCertificates(options),
  };
  const patience = new Patience();
  return new EtcdClient(
    {
      hosts: addresses.map((address) => (tls ? `https://${address}` : address)),
      // A function, since an object would hold one deadline for all requests.
      defaultCallOptions: ({ isStream }) => (isStream ? {} : { deadline: deadlineIn(patience.ms) }),
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
      faultHandling: faultHandling(endpoints.length, clock),
    },
    secrets,
    patience,
    addresses,
    clock,
  );
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
