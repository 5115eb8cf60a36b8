/**
 * What we ask of etcd, and what it answers: the part of its RPC interface that this room uses, and no more.
 *
 * The fields have etcd's own names, and its 64 bit numbers are decimal text: a listing of many keys is passed on as it
 * came.
 */
export interface EtcdRpc {
  /** `host:port` of every member. */
  readonly endpoints: readonly string[];

  /** How long a request may take where nothing else is said: two seconds, and longer where the way is. */
  readonly patienceMs: number;

  /** Reads keys. A request takes at most `withinMs`, or `patienceMs`, and then rejects like any other that got no answer. */
  range(request: RangeRequest, withinMs?: number): Promise<RangeAnswer>;
  /** Carries out `success` if every condition holds, else `failure`. */
  txn(request: TxnRequest, withinMs?: number): Promise<TxnAnswer>;

  /** Takes out a lease; etcd may grant it a longer life. */
  grantLease(ttlSeconds: number): Promise<{ readonly ID: string; readonly TTL: string }>;
  /** Ends a lease, and removes the keys that hang on it. */
  revokeLease(id: string): Promise<unknown>;
  /** Reads what is left of a lease, with the keys that hang on it if asked for. One that is gone has a TTL below 1. */
  readLease(id: string, withKeys: "with-keys" | "without-keys"): Promise<LeaseAnswer>;
  /** Opens a stream on which leases are renewed; it breaks after `withinMs`. */
  openKeepAlive(withinMs: number): Promise<RpcStream<KeepAliveRequest, KeepAliveAnswer>>;

  /** Opens a stream on which keys are watched. */
  openWatch(): Promise<RpcStream<WatchRequest, WatchAnswer>>;

  /** Whether a member answers on a connection that is made for the question. Never rejects. */
  probe(): Promise<boolean>;
  /** Makes the next requests on new connections; the present ones stay for what is under way. */
  redial(): void;
  /** Closes the connections; streams must have been ended before. */
  close(): void;
}

/** A stream of requests and answers. It ends with `error` or `end`, which may both come. */
export interface RpcStream<Request, Answer> {
  on(event: "data", listener: (answer: Answer) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  write(request: Request): void;
  end(): void;
  cancel(): void;
}

/** Which store has answered, and when in its life. */
export interface AnswerHeader {
  readonly cluster_id: string;
  readonly revision: string;
  readonly raft_term: string;
}

/** A key as it is in the store. */
export interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  /** The revision of its last change. */
  readonly mod_revision: string;
  /** The lease on which it hangs; "0" for none. */
  readonly lease: string;
}

/** One key, or the keys from `key` up to but not including `range_end`. */
export interface KeyRange {
  readonly key: Buffer;
  readonly range_end?: Buffer;
}

export interface RangeRequest extends KeyRange {
  /** The most keys to answer with. */
  readonly limit?: number;
  /** Which revision to read; the present one when not given. */
  readonly revision?: string;
  readonly count_only?: boolean;
  /** Leaves out keys whose last change is older. */
  readonly min_mod_revision?: string;
  readonly keys_only?: boolean;
}

export interface RangeAnswer {
  readonly kvs: readonly KeyValue[];
  /** Whether the limit has left keys out. */
  readonly more: boolean;
}

/** What a transaction finds true of one key. */
export type Condition = { readonly key: Buffer; readonly result: "Equal" } & (
  | { readonly target: "Mod"; readonly mod_revision: string }
  | { readonly target: "Create"; readonly create_revision: string }
  | { readonly target: "Lease"; readonly lease: string }
  | { readonly target: "Value"; readonly value: Buffer }
);

interface PutRequest {
  readonly key: Buffer;
  readonly value?: Buffer;
  /** Keeps the value that the key has. */
  readonly ignore_value?: boolean;
  readonly lease: string;
}

/** One step of a transaction. */
export type Operation =
  | { readonly request_range: RangeRequest }
  | { readonly request_put: PutRequest }
  | { readonly request_delete_range: { readonly key: Buffer } };

export interface TxnRequest {
  readonly compare?: Condition[];
  readonly success?: Operation[];
  readonly failure?: Operation[];
}

export interface TxnAnswer {
  readonly header: AnswerHeader;
  readonly succeeded: boolean;
  /** One for each operation that was carried out; `response_range` is there where that was a range. */
  readonly responses: readonly { readonly response_range: RangeAnswer }[];
}

export interface LeaseAnswer {
  readonly TTL: string;
  readonly grantedTTL: string;
  readonly keys: readonly Buffer[];
}

export interface KeepAliveRequest {
  readonly ID: string;
}

export interface KeepAliveAnswer {
  readonly header: AnswerHeader;
  /** "0" when the lease is gone. */
  readonly TTL: string;
}

export interface WatchRequest {
  readonly create_request: KeyRange & {
    readonly start_revision: string;
    readonly progress_notify: boolean;
    readonly fragment: boolean;
  };
}

export interface KeyEvent {
  readonly type: "Put" | "Delete";
  readonly kv: KeyValue;
}

export interface WatchAnswer {
  readonly header: AnswerHeader;
  readonly watch_id: string;
  readonly created: boolean;
  readonly canceled: boolean;
  /** "0" unless the watch was cancelled because its history is compacted. */
  readonly compact_revision: string;
  readonly cancel_reason: string;
  /** Whether more answers belong to this one. */
  readonly fragment: boolean;
  readonly events: readonly KeyEvent[];
}
