import { HecdError, reasonOf } from "../../errors.js";

/**
 * The gRPC codes of an answer that says no: invalid argument, permission denied, resource exhausted, failed
 * precondition, out of range, unimplemented, unauthenticated. All others say that there was no answer.
 */
const REFUSALS: ReadonlySet<number> = new Set([3, 7, 8, 9, 11, 12, 16]);

/** Any failure of a request to etcd as a fault, quoting what the other side said; ours come through as they are. */
export function faultOf(error: unknown, endpoints: readonly string[]): HecdError {
  if (error instanceof HecdError) return error;
  const said = reasonOf(error);
  // etcd3 keeps the gRPC code in no other place than the message.
  const [, code, details] = /^(?:Lease )?(\d+) [A-Z_]+: (.*)$/s.exec(said) ?? [];
  const reason = (details ?? said)
    .replace(/ Resolution note:\s*$/, "")
    .replace("Last error: Error: ", "Last error: ")
    .replace(/\s*\(\d{4}-\d\d-\d\dT[\d:.]+Z\)\.?\s*$/, "");
  return new HecdError({ code: kindOf(code, reason), endpoints, reason }, { cause: error });
}

function kindOf(code: string | undefined, reason: string): "store-full" | "store-refused" | "store-unreachable" {
  if (reason.includes("database space exceeded")) return "store-full";
  // A watch is refused by its first answer, which bears no code.
  if (reason.includes("etcdserver: permission denied")) return "store-refused";
  return code !== undefined && REFUSALS.has(Number(code)) ? "store-refused" : "store-unreachable";
}

/** Whether etcd answered that the lease of a request is gone. */
export function saysLeaseIsGone(error: unknown): boolean {
  return error instanceof HecdError && error.message.includes("requested lease not found");
}

/** Whether etcd answered that it has forgotten the revision that was asked for. */
export function saysCompacted(error: unknown): boolean {
  return error instanceof HecdError && error.message.includes("required revision has been compacted");
}

/** Whether an answer was larger than we take in one piece. */
export function saysTooLarge(error: unknown): boolean {
  return error instanceof HecdError && error.message.includes("Received message larger than max");
}
