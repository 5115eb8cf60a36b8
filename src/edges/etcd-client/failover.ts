import {
  BrokenCircuitError,
  circuitBreaker,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhen,
  type IPolicy,
  noop,
  retry as retrying,
} from "cockatiel";
import { GRPCResourceExhastedError, type IOptions, isRecoverableError, RecoverableError } from "etcd3";
import type { Clock } from "../../flow/clock.js";

/** How long a member is left alone that has lost touch with the others: whoever came back to it would wait in vain. */
const CUT_OFF_MS = 5_000;

/** How etcd3 deals with the failures of so many members. */
export function faultHandling(members: number, clock: Clock): NonNullable<IOptions["faultHandling"]> {
  if (members === 1) return { host: () => answering(noop), global: noop };
  const cutOff = new CutOff(members, clock);
  return {
    // Leaves a member alone for a moment after two failures, and tries the others meanwhile.
    host: (host) =>
      cutOff.leavingOut(
        host,
        answering(circuitBreaker(handleWhen(isIll), { halfOpenAfter: 1_500, breaker: new ConsecutiveBreaker(2) })),
      ),
    global: retrying(handleWhen(isRecoverableError), {
      maxAttempts: 4,
      backoff: new ExponentialBackoff({ initialDelay: 50, maxDelay: 500 }),
    }),
  };
}

/** Whether a failure is one of the member: one that has no space, or more to say than we take in, is well. */
function isIll(error: Error): boolean {
  return isRecoverableError(error) && !(error instanceof GRPCResourceExhastedError);
}

/**
 * The same policy, behind which a member that has answered counts as one.
 *
 * etcd3 takes RESOURCE_EXHAUSTED for a failure of the member, whatever a policy makes of it: it would ask all the others
 * as well, and close the connections.
 */
function answering(policy: IPolicy): IPolicy {
  return guarded(policy, (error) => {
    if (error instanceof GRPCResourceExhastedError) Reflect.deleteProperty(error, RecoverableError);
  });
}

/** The same policy, which shows each failure to `look` before whoever called sees it. */
function guarded(policy: IPolicy, look: (error: unknown) => void): IPolicy {
  const execute: IPolicy["execute"] = async (work, signal) => {
    try {
      return await policy.execute(work, signal);
    } catch (error) {
      look(error);
      throw error;
    }
  };
  return Object.assign(Object.create(policy) as IPolicy, { execute });
}

/** Members that know of no leader; never all of them, since one has to be asked whether there is one again. */
class CutOff {
  readonly #members: number;
  readonly #clock: Clock;
  /** Until when each is left alone. */
  readonly #until = new Map<string, number>();

  constructor(members: number, clock: Clock) {
    this.#members = members;
    this.#clock = clock;
  }

  /** The same policy, which refuses at once while the member is left alone. */
  leavingOut(host: string, policy: IPolicy): IPolicy {
    const watched = guarded(policy, (error) => {
      if (error instanceof Error && error.message.includes("etcdserver: no leader")) this.#add(host);
    });
    const execute: IPolicy["execute"] = async (work, signal) => {
      if (this.#has(host)) throw new BrokenCircuitError("This member of etcd knows of no leader");
      return watched.execute(work, signal);
    };
    return Object.assign(Object.create(policy) as IPolicy, { execute });
  }

  #add(host: string): void {
    const others = [...this.#until.keys()].filter((other) => other !== host && this.#has(other));
    if (others.length < this.#members - 1) this.#until.set(host, this.#clock.now() + CUT_OFF_MS);
  }

  #has(host: string): boolean {
    return this.#clock.now() < (this.#until.get(host) ?? 0);
  }
}
