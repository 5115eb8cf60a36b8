import type { Container } from "./container.js";
import { type Objection, objection } from "./reason.js";

/** What is known of a container beyond what Docker says of it. */
export interface Standing {
  /** What our own probe of it has found; `skipped` where none is to be made or it cannot be reached from here. */
  readonly probe: "passed" | "pending" | "failed" | "skipped";
  /** Whether somebody asked that it gets no new work. */
  readonly drained: boolean;
  /** Whether it is kept out for a while, because it starts over and over again. */
  readonly held: boolean;
}

/** The standing of a container of which nothing but Docker's word is known. */
export const UNPROBED: Standing = { probe: "skipped", drained: false, held: false };

/** Whether a container can serve: it does; it is kept in the records as one that does not; or it is not there at all. */
export type Readiness =
  | { readonly state: "up" }
  | { readonly state: "draining" | "maint"; readonly because: Objection }
  | { readonly state: "out"; readonly because: Objection };

/** Judges what Docker says and what else is known of a container. */
export function readinessOf({ status, health, stopping }: Container, { drained }: Standing): Readiness {
  if (status === "paused") return out("paused", "It is paused and comes back with docker unpause");
  if (status !== "running") return out("not-running", `It is ${status}`);
  if (health === "starting") return out("starting", "Its HEALTHCHECK has not succeeded yet");
  if (health === "unhealthy") return out("unhealthy", "Its HEALTHCHECK fails");
  if (stopping) return draining("It has been sent the signal that ends it");
  if (drained) return draining("It is drained and comes back with hecd undrain");
  return { state: "up" };
}

function out(reason: Objection["reason"], advice: string): Readiness {
  return { state: "out", because: objection(reason, advice) };
}

function draining(advice: string): Readiness {
  return { state: "draining", because: objection("draining", advice) };
}
