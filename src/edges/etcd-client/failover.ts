import {
  circuitBreaker,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhen,
  type IPolicy,
  noop,
  retry as retrying,
} from "cockatiel";
import { GRPCResourceExhastedError, type IOptions, isRecoverableError, RecoverableError } from "etcd3";

/** How etcd3 deals with the failures of so many members. */
export function faultHandling(members: number): NonNullable<IOptions["faultHandling"]> {
  if (members === 1) return { host: () => answering(noop), global: noop };
  const recoverable = handleWhen(isRecoverableError);
  return {
    // Leaves a member alone for a moment after two failures, and tries the others meanwhile.
    host: () =>
      answering(circuitBreaker(handleWhen(isIll), { halfOpenAfter: 1_500, breaker: new ConsecutiveBreaker(2) })),
    global: retrying(recoverable, {
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
  const execute: IPolicy["execute"] = async (work, signal) => {
    try {
      return await policy.execute(work, signal);
    } catch (error) {
      if (error instanceof GRPCResourceExhastedError) Reflect.deleteProperty(error, RecoverableError);
      throw error;
    }
  };
  return Object.assign(Object.create(policy) as IPolicy, { execute });
}
