import { rootCertificates } from "node:tls";
import { InterceptingCall, type Interceptor } from "@grpc/grpc-js";
import { Etcd3, type IOptions } from "etcd3";
import { HecdError } from "../../errors.js";
import { type Clock, wallTime } from "../../flow/clock.js";
import { readBytes } from "../files/read-text.js";
import { faultHandling } from "./failover.js";
import { type MemberEndpoint, parseEndpoint } from "./endpoint.js";
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

/** How long one request may take. */
const REQUEST_MS = 2_000;

/**
 * etcd3's plain RPC clients, with deadlines, pings and failover.
 *
 * Its watcher and its leases are not used: they lose changes and give up.
 */
export class EtcdClient implements EtcdRpc {
  readonly endpoints: readonly string[];
  readonly #options: IOptions;
  readonly #clock: Clock;
  #etcd: Etcd3;
  /** The one before it, for what may still be under way there. */
  #former: Etcd3 | undefined;
  #dials = 0;
  readonly #closing = new AbortController();

  constructor(options: IOptions, endpoints: readonly string[], clock: Clock) {
    this.#options = options;
    this.#etcd = this.#dial();
    this.endpoints = endpoints;
    this.#clock = clock;
  }

  range(request: RangeRequest, withinMs?: number): Promise<RangeAnswer> {
    return this.#etcd.kv.range(request, callWithin(withinMs));
  }

  txn(request: TxnRequest, withinMs?: number): Promise<TxnAnswer> {
    return this.#etcd.kv.txn(request, callWithin(withinMs));
  }

  grantLease(ttlSeconds: number): ReturnType<EtcdRpc["grantLease"]> {
    return this.#etcd.leaseClient.leaseGrant({ TTL: ttlSeconds });
  }

  revokeLease(id: string): Promise<unknown> {
    return this.#etcd.leaseClient.leaseRevoke({ ID: id });
  }

  readLease(id: string, withKeys: "with-keys" | "without-keys"): Promise<LeaseAnswer> {
    return this.#etcd.leaseClient.leaseTimeToLive({ ID: id, keys: withKeys === "with-keys" });
  }

  openKeepAlive(withinMs: number): Promise<RpcStream<KeepAliveRequest, KeepAliveAnswer>> {
    return this.#etcd.leaseClient.leaseKeepAlive(callWithin(withinMs));
  }

  openWatch(): Promise<RpcStream<WatchRequest, WatchAnswer>> {
    return this.#etcd.watchClient.watch({ interceptors: [requireLeader] });
  }

  async probe(): Promise<boolean> {
    const { credentials } = this.#options;
    const scheme = credentials ? "https" : "http";
    const { rootCertificate: ca, certChain: cert, privateKey: key } = credentials ?? {};
    const answers = await Promise.all(
      this.endpoints.map((at) =>
        probeMember(`${scheme}://${at}`, { ca, cert, key }, this.#clock, this.#closing.signal),
      ),
    );
    return answers.includes(true);
  }

  redial(): void {
    this.#former?.close();
    this.#former = this.#etcd;
    this.#etcd = this.#dial();
  }

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
      faultHandling: faultHandling(endpoints.length, clock),
    },
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

async function credentialsOf({ ca, cert, key }: EtcdOptions): Promise<NonNullable<IOptions["credentials"]>> {
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
