/** Everything that can go wrong and be told to a person: a code for programs, the facts for the log. */
export type Fault =
  | { readonly code: "usage"; readonly problem: string }
  | { readonly code: "config-invalid"; readonly source: string; readonly issues: readonly string[] }
  | { readonly code: "file-unreadable"; readonly path: string; readonly reason: string }
  | { readonly code: "file-unwritable"; readonly path: string; readonly reason: string }
  | { readonly code: "template-invalid"; readonly template: string; readonly line?: number; readonly reason: string }
  | {
      readonly code: "docker-unreachable";
      readonly url: string;
      readonly reason: string;
      /** Whether something does answer there. */
      readonly answers?: boolean;
    }
  | {
      readonly code: "store-unreachable";
      readonly product?: string;
      readonly endpoints: readonly string[];
      readonly reason: string;
    }
  | {
      readonly code: "store-refused";
      readonly product?: string;
      readonly endpoints: readonly string[];
      readonly reason: string;
    }
  | {
      readonly code: "store-full";
      readonly product?: string;
      readonly endpoints: readonly string[];
      readonly reason: string;
    }
  | { readonly code: "session-lost"; readonly lease: string; readonly reason: string }
  | { readonly code: "host-held"; readonly what: string; readonly holder: string }
  | { readonly code: "no-address"; readonly reason: string }
  | { readonly code: "port-occupied"; readonly address: string }
  | { readonly code: "haproxy-failed"; readonly what: string; readonly output: string }
  | {
      readonly code: "command-failed";
      readonly command: string;
      readonly exitCode: number | null;
      readonly output: string;
    }
  | { readonly code: "deadline"; readonly what: string; readonly afterMs: number }
  | { readonly code: "container-unknown"; readonly asked: string; readonly near: readonly string[] }
  | { readonly code: "container-ambiguous"; readonly asked: string; readonly candidates: readonly string[] }
  | { readonly code: "container-unseen"; readonly id: string; readonly name: string; readonly because: Because }
  | { readonly code: "docker-refused"; readonly what: string; readonly reason: string }
  | { readonly code: "agent-unreachable"; readonly address: string; readonly reason: string }
  | { readonly code: "agent-refused"; readonly address: string; readonly what: string; readonly reason: string }
  | { readonly code: "switch-refused"; readonly service: string; readonly reason: string }
  | { readonly code: "push-held"; readonly resource: string; readonly holder: string }
  | { readonly code: "version-unknown"; readonly problem: string }
  | { readonly code: "renderer-unreachable"; readonly address: string; readonly reason: string }
  | { readonly code: "renderer-refused"; readonly address: string; readonly what: string; readonly reason: string };

/** A reason for programs and a sentence for people, as `Objection` in `core` has them. */
interface Because {
  readonly reason: string;
  readonly advice: string;
}

/** A failure that is part of the contract: callers ask for its code, people read its message. */
export class HecdError extends Error {
  override readonly name = "HecdError";
  readonly fault: Fault;

  constructor(fault: Fault, options?: ErrorOptions) {
    super(describe(fault), options);
    this.fault = fault;
  }
}

/** Tells whether `error` is ours and of this kind. */
export function hasCode<Code extends Fault["code"]>(
  error: unknown,
  code: Code,
): error is HecdError & { readonly fault: Extract<Fault, { code: Code }> } {
  return error instanceof HecdError && error.fault.code === code;
}

/** The words of any thrown value, for messages that quote the other side. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // An AggregateError (several addresses tried) has an empty message of its own.
  if (error instanceof AggregateError && error.message === "") return error.errors.map(reasonOf).join("; ");
  return error.message;
}

function describe(fault: Fault): string {
  switch (fault.code) {
    case "usage":
      return fault.problem;
    case "config-invalid":
      return `Cannot use ${fault.source}:\n${fault.issues.map((issue) => `  ${issue}`).join("\n")}`;
    case "file-unreadable":
      return `Cannot read ${fault.path}: ${fault.reason}`;
    case "file-unwritable":
      return `Cannot write ${fault.path}: ${fault.reason}`;
    case "template-invalid": {
      const place = fault.line === undefined ? fault.template : `${fault.template}:${fault.line}`;
      return `Cannot render ${place}: ${fault.reason}`;
    }
    case "docker-unreachable":
      return `Cannot ${fault.answers ? "work with" : "reach"} Docker at ${fault.url}: ${fault.reason}`;
    case "store-unreachable":
      return `Cannot reach ${fault.product ?? "etcd"} at ${fault.endpoints.join(", ")}: ${fault.reason}`;
    case "store-refused":
      return `${fault.product ?? "etcd"} at ${fault.endpoints.join(", ")} refused the request: ${fault.reason}`;
    case "store-full":
      return `${fault.product ?? "etcd"} at ${fault.endpoints.join(", ")} has no space: ${fault.reason}`;
    case "session-lost":
      return `Cannot go on with lease ${fault.lease}: ${fault.reason}`;
    case "host-held":
      return `Cannot have ${fault.what}: it is claimed by ${fault.holder}; give this host its own --host-id if both are to run`;
    case "no-address":
      return `Cannot tell which address to advertise: ${fault.reason}`;
    case "port-occupied":
      return `Cannot listen on ${fault.address}: another process holds the port`;
    case "haproxy-failed":
      return `HAProxy could not ${fault.what}: ${fault.output}`;
    case "command-failed": {
      const end = fault.exitCode === null ? "could not be run" : `ended with exit code ${fault.exitCode}`;
      return `Command "${fault.command}" ${end}${fault.output === "" ? "" : `: ${fault.output}`}`;
    }
    case "deadline":
      return `Gave up waiting for ${fault.what} after ${fault.afterMs} ms`;
    case "container-unknown": {
      const near = fault.near.length === 0 ? "" : `; there is ${fault.near.join(", ")}`;
      return `Cannot find a container with the name or id "${fault.asked}"${near}`;
    }
    case "container-ambiguous":
      return `Cannot tell which container "${fault.asked}" is: ${fault.candidates.join(", ")}`;
    case "container-unseen":
      return `Cannot look at container ${fault.name} (${fault.because.reason}): ${fault.because.advice}`;
    case "docker-refused":
      return `Docker could not ${fault.what}: ${fault.reason}`;
    case "agent-unreachable":
      return `Cannot reach the agent at ${fault.address}: ${fault.reason}`;
    case "agent-refused":
      return `The agent at ${fault.address} could not ${fault.what}: ${fault.reason}`;
    case "switch-refused":
      return `Cannot switch ${fault.service}: ${fault.reason}`;
    case "push-held":
      return `Cannot push ${fault.resource}: ${fault.holder} is at it`;
    case "version-unknown":
      return fault.problem;
    case "renderer-unreachable":
      return `Cannot reach the renderer at ${fault.address}: ${fault.reason}`;
    case "renderer-refused":
      return `The renderer at ${fault.address} could not ${fault.what}: ${fault.reason}`;
  }
}
