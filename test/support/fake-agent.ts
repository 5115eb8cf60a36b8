import type { AgentState } from "../../src/agent/agent.js";
import { openStatusServer } from "../../src/edges/status/server.js";
import type { Orders } from "../../src/ports.js";

/** The status address of an agent that says what a test wants, and notes the orders it is given. */
export interface FakeAgent extends AsyncDisposable {
  readonly address: string;
  /** `drain ID`, `undrain ID` and the same of `service NAME`, in their order. */
  readonly orders: readonly string[];
}

/** An agent of no engine that says nothing of itself. */
export const EMPTY: AgentState = {
  host: "node1",
  address: "10.0.0.5",
  registered: {},
  containers: [],
  conflicts: [],
};

/**
 * An agent as a test wants it to be, by what its state has beyond an empty one; `knows` says which containers it takes
 * orders about, all when not given.
 */
export async function fakeAgent(
  state: object = {},
  { waitingFor = [], knows = () => true }: { waitingFor?: readonly string[]; knows?: (id: string) => boolean } = {},
): Promise<FakeAgent> {
  const given: string[] = [];
  const orders: Orders = {
    drain(id) {
      given.push(`drain ${id}`);
      return knows(id) ? "drained" : "unknown";
    },
    undrain(id) {
      given.push(`undrain ${id}`);
      return knows(id) ? "undrained" : "unknown";
    },
    drainService(service) {
      given.push(`drain service ${service}`);
      return knows(service) ? "in maintenance" : "unknown";
    },
    undrainService(service) {
      given.push(`undrain service ${service}`);
      return knows(service) ? "in service" : "unknown";
    },
  };
  const server = await openStatusServer("127.0.0.1:0", {
    status: () => ({ waitingFor, state: { ...EMPTY, ...state } }),
    metrics: async () => ({ contentType: "text/plain", body: "" }),
    orders,
  });
  return {
    address: new URL(server.url).host,
    orders: given,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
