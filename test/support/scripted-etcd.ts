import type {
  AnswerHeader,
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
} from "../../src/edges/etcd-client/rpc.js";
import type { ManualClock } from "./manual-clock.js";
import { FakeStream, type Outcome } from "./scripted-etcd-calls.js";
import { FakeKeys } from "./scripted-etcd-keys.js";
import { FakeWatches, type WatchedStore } from "./scripted-etcd-watches.js";

/** The calls whose outcomes can be scripted. */
type Call = "range" | "txn" | "grantLease" | "revokeLease" | "readLease" | "openKeepAlive" | "openWatch";

/** How etcd can be reached: as ever; not at all; or with every word to it and from it lost on the way. */
type Reach = "well" | "refusing" | "silent";

/** How long a call takes that gets no answer. */
const USUAL_MS = 2_000;

/**
 * A fake of etcd behind the port `EtcdRpc`: keys with a history, leases and watches like etcd's, on the manual clock.
 *
 * A test scripts what goes wrong: outcomes of single calls, the reach of all, cut streams, compaction, a wiped store.
 */
export class ScriptedEtcd implements EtcdRpc {
  readonly patienceMs = 2_000;
  readonly endpoints = ["etcd.example:2379"];
  /** Every call in order. */
  readonly calls: Call[] = [];
  /** Whether a member answers on a new connection. */
  answersProbes = false;
  redials = 0;
  /** More keys than this in one answer are too large for gRPC. */
  mostKeysPerAnswer = Infinity;
  /** The watches of all clients, and what goes wrong with them. */
  readonly watches = new FakeWatches();
  #reach: Reach = "well";
  #isTokenOld = false;
  #cluster = 1;
  readonly #clock: ManualClock;
  readonly #outcomes = new Map<Call, Outcome[]>();
  readonly #streams = new Set<{ break(error?: string): void }>();
  #keys: FakeKeys;

  constructor(clock: ManualClock) {
    this.#clock = clock;
    this.#keys = this.#newKeys();
  }

  // What a test does to it.

  /** Another client's write. */
  put(key: string, value: string, lease = "0"): void {
    this.#keys.write([{ request_put: { key: Buffer.from(key), value: Buffer.from(value), lease } }]);
  }

  /** Another client's writes of one transaction. */
  putTogether(pairs: Readonly<Record<string, string>>): void {
    this.#keys.write(
      Object.entries(pairs).map(([key, value]) => ({
        request_put: { key: Buffer.from(key), value: Buffer.from(value), lease: "0" },
      })),
    );
  }

  delete(key: string): void {
    this.#keys.write([{ request_delete_range: { key: Buffer.from(key) } }]);
  }

  /** Takes out a lease as another client. */
  lease(ttlSeconds: number): string {
    return this.#keys.grant(ttlSeconds).ID;
  }

  /** Renews a lease as another client. */
  renewLease(id: string): void {
    this.#keys.renew(id);
  }

  /** Ends a lease as an operator would. */
  endLease(id: string): void {
    this.#keys.revoke(id);
  }

  /** What it holds, by key. */
  get entries(): Readonly<Record<string, string>> {
    this.#keys.expire();
    const all = this.#keys.range({ key: Buffer.of(0), range_end: Buffer.of(255) }).kvs;
    return Object.fromEntries(all.map(({ key, value }) => [key.toString(), value.toString()]));
  }

  /** On which lease a key hangs. */
  leaseOf(key: string): string | undefined {
    this.#keys.expire();
    return this.#keys.get(key)?.lease;
  }

  get liveLeases(): readonly string[] {
    this.#keys.expire();
    return [...this.#keys.leases.keys()];
  }

  get revision(): bigint {
    return this.#keys.revision;
  }

  /** How many revisions the member that renews leases is behind the others. */
  lag = 0n;

  set leastTtl(seconds: number) {
    this.#keys.leastTtl = seconds;
  }

  /** How many streams are open. */
  get openStreams(): number {
    return this.#streams.size;
  }

  /** Decides what becomes of the next calls of one kind. */
  script(call: Call, ...outcomes: readonly Outcome[]): void {
    this.#outcomes.set(call, [...(this.#outcomes.get(call) ?? []), ...outcomes]);
  }

  /** Changes how it can be reached; refusing breaks every stream, silence none. */
  become(reach: Reach): void {
    this.#reach = reach;
    if (reach === "refusing") this.cut("14 UNAVAILABLE: Connection dropped");
  }

  /** Breaks every open stream with an error, or ends it without one. */
  cut(error?: string): void {
    for (const stream of [...this.#streams]) stream.break(error);
  }

  /** Tells every watch that it has been told of everything. */
  progress(): void {
    this.watches.progress(this.#store());
  }

  /** Forgets the history before the present. */
  compact(): void {
    this.#keys.compacted = this.#keys.revision;
  }

  /** Puts a new and empty cluster in its place, as far along as `revision`. */
  replace(revision: bigint, how: "breaking streams" | "silently" = "breaking streams"): void {
    this.#cluster++;
    this.#keys = this.#newKeys();
    while (this.#keys.revision < revision) this.put("/other", "of the new cluster");
    if (how === "breaking streams") this.cut("14 UNAVAILABLE: Connection dropped");
    this.watches.forget();
  }

  /** Puts an earlier state of the same cluster in the place of the present one; its leases are as they are. */
  restore(revision: bigint): void {
    this.#keys.revision = revision;
  }

  /** Makes the token of the client too old: a watch is refused until some other request has brought a new one. */
  expireToken(): void {
    this.#isTokenOld = true;
  }

  // The port.

  range(request: RangeRequest, withinMs?: number): Promise<RangeAnswer> {
    return this.#call("range", () => this.#fitting(this.#keys.range(request)), withinMs);
  }

  txn(request: TxnRequest, withinMs?: number): Promise<TxnAnswer> {
    return this.#call(
      "txn",
      () => {
        const { succeeded, responses } = this.#keys.txn(request);
        for (const { response_range: answer } of responses) this.#fitting(answer);
        return { header: this.#header(), succeeded, responses };
      },
      withinMs,
    );
  }

  grantLease(ttlSeconds: number): ReturnType<EtcdRpc["grantLease"]> {
    return this.#call("grantLease", () => this.#keys.grant(ttlSeconds));
  }

  revokeLease(id: string): Promise<unknown> {
    return this.#call("revokeLease", () => {
      this.#keys.revoke(id);
    });
  }

  readLease(id: string, withKeys: "with-keys" | "without-keys"): Promise<LeaseAnswer> {
    return this.#call("readLease", () => {
      const lease = this.#keys.leases.get(id);
      if (!lease) return { TTL: "-1", grantedTTL: "0", keys: [] };
      const leftSeconds = Math.ceil((lease.endsAt - this.#clock.now()) / 1_000);
      const keys = withKeys === "with-keys" ? this.#keys.keysOn(id) : [];
      return { TTL: String(leftSeconds), grantedTTL: String(lease.ttlSeconds), keys };
    });
  }

  openKeepAlive(withinMs: number): Promise<RpcStream<KeepAliveRequest, KeepAliveAnswer>> {
    return this.#open("openKeepAlive", () => {
      const stream: FakeStream<KeepAliveRequest, KeepAliveAnswer> = this.#stream(({ ID }) => {
        this.#keys.expire();
        if (this.#reach === "well")
          stream.answer({ header: this.#header(this.lag), TTL: String(this.#keys.renew(ID)) });
      });
      stream.breaksIn(withinMs, this.#clock);
      return stream;
    });
  }

  openWatch(): Promise<RpcStream<WatchRequest, WatchAnswer>> {
    return this.#open("openWatch", () => {
      const isIgnored = this.watches.ignored-- > 0;
      const stream: FakeStream<WatchRequest, WatchAnswer> = this.#stream(
        ({ create_request: create }) => {
          if (this.#reach !== "silent" && !isIgnored) this.watches.start(stream, create, this.#store());
        },
        () => {
          this.watches.close(stream);
        },
      );
      return stream;
    });
  }

  async probe(): Promise<boolean> {
    return this.answersProbes;
  }

  redial(): void {
    this.redials++;
    this.#reach = "well";
  }

  close(): void {
    this.#reach = "refusing";
  }

  // How it works.

  #newKeys(): FakeKeys {
    const keys = new FakeKeys(this.#clock, (revision) => {
      if (keys === this.#keys && this.#reach === "well") this.watches.announce(revision, this.#store());
    });
    return keys;
  }

  async #call<T>(call: Call, carryOut: () => T, withinMs = USUAL_MS): Promise<T> {
    this.calls.push(call);
    const outcome = this.#outcomes.get(call)?.shift();
    if (outcome) return outcome(carryOut);
    if (this.#reach === "refusing") throw new Error("14 UNAVAILABLE: No connection established");
    if (this.#reach === "silent") {
      await new Promise<void>((resolve) => this.#clock.after(withinMs, resolve));
      throw new Error("4 DEADLINE_EXCEEDED: Deadline exceeded");
    }
    this.#isTokenOld = false;
    this.#keys.expire();
    return carryOut();
  }

  async #open<Request, Answer>(
    call: Call,
    make: () => FakeStream<Request, Answer>,
  ): Promise<RpcStream<Request, Answer>> {
    this.calls.push(call);
    const outcome = this.#outcomes.get(call)?.shift();
    if (outcome) return outcome(make);
    const stream = make();
    if (this.#reach === "refusing") stream.break("14 UNAVAILABLE: No connection established");
    return stream;
  }

  #stream<Request, Answer>(
    onRequest: (request: Request) => void,
    onOver: () => void = () => undefined,
  ): FakeStream<Request, Answer> {
    const stream = new FakeStream<Request, Answer>(onRequest, () => {
      this.#streams.delete(stream);
      onOver();
    });
    this.#streams.add(stream);
    return stream;
  }

  #store(): WatchedStore {
    return { keys: this.#keys, header: this.#header(), isTokenOld: this.#isTokenOld };
  }

  #header(behind = 0n): AnswerHeader {
    return { cluster_id: String(this.#cluster), revision: String(this.#keys.revision - behind), raft_term: "2" };
  }

  #fitting(answer: RangeAnswer): RangeAnswer {
    if (answer.kvs.length <= this.mostKeysPerAnswer) return answer;
    throw new Error("8 RESOURCE_EXHAUSTED: Received message larger than max (70000000 vs 67108864)");
  }
}
