import { expect, onTestFinished } from "vitest";
import type { HecdEvent } from "../../src/core/events/event.js";
import { EtcdLeases } from "../../src/edges/etcd/leases.js";
import { EtcdRequests } from "../../src/edges/etcd/requests.js";
import { claimHost } from "../../src/edges/leases/claim.js";
import { LeasedSession } from "../../src/edges/leases/session.js";
import type { SessionOptions } from "../../src/ports.js";
import { ManualClock } from "./manual-clock.js";
import { ScriptedEtcd } from "./scripted-etcd.js";

/** A scripted etcd, what makes requests to it, what has been told, and a signal that aborts with the test. */
export interface ScriptedEtcdWorld {
  readonly clock: ManualClock;
  readonly etcd: ScriptedEtcd;
  readonly requests: EtcdRequests;
  readonly leases: EtcdLeases;
  readonly told: HecdEvent[];
  readonly signal: AbortSignal;
}

/** A world for one test, which must leave no timer and no stream behind. */
export function scriptedEtcdWorld(): ScriptedEtcdWorld {
  const clock = new ManualClock();
  const etcd = new ScriptedEtcd(clock);
  const told: HecdEvent[] = [];
  const requests = new EtcdRequests(etcd, { clock, emit: (event) => told.push(event) });
  const ending = new AbortController();
  onTestFinished(async () => {
    ending.abort(new Error("the test is over"));
    await clock.advance(10_000); // what the fake itself still had to answer
    expect([clock.pending, etcd.openStreams]).toEqual([0, 0]);
  });
  return { clock, etcd, requests, leases: new EtcdLeases(requests), told, signal: ending.signal };
}

/** The key of the claim of `host-1`. */
export const SCRIPTED_CLAIM = "/hecd/v1/agents/host-1";

/** An agent that claims `host-1`. */
export const SCRIPTED_AGENT: SessionOptions = {
  hostId: "host-1",
  agent: "agent-1",
  holder: { hostname: "here", pid: 7, since: "2026-01-02T03:04:05Z" },
  ttlSeconds: 15,
};

/** A session of that agent. */
export interface ScriptedSessionWorld extends ScriptedEtcdWorld {
  readonly session: LeasedSession;
  readonly lease: string;
  /** What others see, but for the claim. */
  readonly entries: () => Readonly<Record<string, string>>;
  readonly kinds: () => readonly string[];
}

/** Claims the host and opens a session. */
export async function openScriptedSession(): Promise<ScriptedSessionWorld> {
  const world = scriptedEtcdWorld();
  const claimed = await claimHost(world.leases, SCRIPTED_AGENT, undefined, world.signal);
  const session = new LeasedSession(world.leases, SCRIPTED_AGENT, claimed, world.signal);
  return {
    ...world,
    session,
    lease: claimed.lease.id,
    entries: () => Object.fromEntries(Object.entries(world.etcd.entries).filter(([key]) => key !== SCRIPTED_CLAIM)),
    kinds: () => world.told.map(({ kind }) => kind),
  };
}
