import type { Finding } from "../../core/doctor/finding.js";
import { judgeStatus, type StatusFacts } from "../../core/doctor/host.js";
import { codeOf } from "../../edges/files/errno.js";
import { askStatus } from "../../edges/status/client.js";
import { reasonOf } from "../../errors.js";
import type { Deps } from "../daemon.js";

/** Whether a daemon answers at its status address, or somebody else has its port. */
export async function examineStatus(
  daemon: StatusFacts["daemon"],
  address: string,
  { clock }: Deps,
  signal: AbortSignal,
): Promise<Finding> {
  try {
    const { waitingFor } = await askStatus(address, clock, signal);
    return judgeStatus({ daemon, address, answer: { kind: "ours", waitingFor } });
  } catch (error) {
    signal.throwIfAborted();
    const isNobody = codeOf(error) === "ECONNREFUSED";
    const answer = isNobody ? ({ kind: "nobody" } as const) : ({ kind: "another", problem: reasonOf(error) } as const);
    return judgeStatus({ daemon, address, answer });
  }
}
