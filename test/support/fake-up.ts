import { openStatusServer } from "../../src/edges/status/server.js";
import { ToldEvents } from "../../src/edges/status/told-events.js";
import type { HecdEvent } from "../../src/core/events/event.js";
import { systemClock } from "../../src/flow/clock.js";
import { EMPTY } from "./fake-agent.js";

/** The status address of a `hecd up` as a test wants it to be. */
export interface FakeUp extends AsyncDisposable {
  readonly address: string;
  /** From now on it holds these keys. */
  holds(keys: readonly (readonly [string, string])[]): void;
  /** From now on its renderer says this. */
  renders(state: object): void;
  tells(event: HecdEvent): void;
}

/** Begins to answer at a free port, or at `listen`. */
export async function fakeUp(listen = "127.0.0.1:0"): Promise<FakeUp> {
  let registered: Readonly<Record<string, string>> = {};
  let renderer: object = { resources: [], problems: [] };
  const told = new ToldEvents();
  const server = await openStatusServer(listen, {
    status: () => ({ waitingFor: [], state: { agent: { ...EMPTY, registered }, renderer } }),
    metrics: async () => ({ contentType: "", body: "" }),
    live: { told, clock: systemClock },
  });
  return {
    address: new URL(server.url).host,
    holds: (keys) => {
      registered = Object.fromEntries(keys);
    },
    renders: (state) => {
      renderer = state;
    },
    tells: (event) => {
      told.tell(event);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
