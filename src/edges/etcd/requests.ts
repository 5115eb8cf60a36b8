import type { Emit } from "../../core/events/event.js";
import { type HecdError, hasCode } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { abortable } from "../../flow/linked-signal.js";
import { backoff, retry } from "../../flow/retry.js";
import { Reachability } from "../reachability.js";
import type { EtcdRpc } from "../etcd-client/rpc.js";
import { faultOf, saysCompacted, saysLeaseIsGone, saysTooLarge } from "./errors.js";

/** What every part that speaks to etcd needs besides. */
export interface EtcdDeps {
  readonly clock: Clock;
  readonly emit: Emit;
}

/** Longest wait between two attempts while etcd is away: short enough to be back soon after it. */
const LONGEST_WAIT_MS = 1_000;

/**
 * How long etcd may be silent before we look whether only gRPC does not get through: it waits for ever for a connection
 * that it is making when the network loses packets just then, and for a minute if TCP is to begin anew.
 */
const STUCK_MS = 5_000;

/** Makes requests to etcd, and is the one place that knows whether etcd answers and tells so. */
export class EtcdRequests {
  readonly rpc: EtcdRpc;
  readonly endpoints: readonly string[];
  readonly clock: Clock;
  readonly emit: Emit;
  readonly #reach: Reachability;
  /** Since when the present connections have not answered. */
  #silentSince = 0;
  #isProbing = false;
  #isClosed = false;

  constructor(rpc: EtcdRpc, { clock, emit }: EtcdDeps) {
    this.rpc = rpc;
    this.endpoints = rpc.endpoints;
    this.clock = clock;
    this.emit = emit;
    this.#reach = new Reachability({ endpoints: rpc.endpoints }, { clock, emit });
  }

  /**
   * Makes a request once; fails with `store-unreachable`, `store-refused` or `store-full`, which it tells, or with the
   * signal's reason.
   */
  async ask<T>(request: (rpc: EtcdRpc) => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      const answer = await abortable(request(this.rpc), signal);
      this.#reach.answered();
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      const fault = faultOf(error, this.endpoints);
      if (saysLeaseIsGone(fault) || saysCompacted(fault) || saysTooLarge(fault)) this.#reach.answered();
      else if (hasCode(fault, "store-full")) this.#reach.full(fault.fault.reason);
      else this.#failed(fault);
      throw fault;
    }
  }

  /**
   * Makes a request until etcd answers it, however long it is away or refuses.
   *
   * Fails only with the signal's reason; because the lease or the revision asked for is gone, which no repetition brings
   * back; or with `store-full`, since whoever writes may have something else to do meanwhile. A request may be carried out twice: an answer that was lost is asked for again.
   */
  insist<T>(request: (rpc: EtcdRpc) => Promise<T>, signal: AbortSignal): Promise<T> {
    return retry(() => this.ask(request, signal), {
      waits: patience(),
      isTransient: (error) => !saysLeaseIsGone(error) && !saysCompacted(error) && !hasCode(error, "store-full"),
      onRetry: () => undefined, // has been told
      clock: this.clock,
      signal,
    });
  }

  /** Takes in that etcd has taken a value, and so has space. */
  hasSpace(): void {
    this.#reach.hasSpace();
  }

  /** Closes the connections; streams must have been ended before. */
  close(): void {
    this.#isClosed = true;
    this.rpc.close();
  }

  #failed(fault: HecdError): void {
    void this.#redialIfStuck();
    const reason = "reason" in fault.fault ? fault.fault.reason : fault.message;
    this.#reach.failed(reason, hasCode(fault, "store-refused"));
  }

  /** Makes new connections where a member answers and the present connections have not for long. */
  async #redialIfStuck(): Promise<void> {
    if (!this.#reach.isAway) this.#silentSince = this.clock.now();
    if (this.#isProbing || this.clock.now() - this.#silentSince < STUCK_MS) return;
    this.#isProbing = true;
    const answers = await this.rpc.probe();
    this.#isProbing = false;
    if (!answers || !this.#reach.isAway || this.#isClosed) return;
    this.rpc.redial();
    this.#silentSince = this.clock.now();
  }
}

/** Waits for repeated attempts: none, then from 100 ms up to 1 s. */
export function* patience(): Generator<number, never> {
  yield 0;
  return yield* backoff(100, LONGEST_WAIT_MS);
}
