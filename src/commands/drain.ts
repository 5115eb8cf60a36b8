import { findContainer } from "../core/decision/find-container.js";
import { serversByAddress, workThrough } from "../core/decision/shared-address.js";
import { askAgent } from "../edges/status/agent-client.js";
import { order } from "../edges/status/client.js";
import { HecdError } from "../errors.js";
import { systemClock } from "../flow/clock.js";
import type { OperandCommand } from "./command.js";
import { theOne } from "./inquiry.js";

/** `hecd drain`: a container gets no new work and stays as it is. */
export const drainCommand: OperandCommand = {
  operand: { name: "CONTAINER" },
  explanation: [
    "Has the agent of this host take new work away from a container: its simple key goes, its record says draining.",
    "The container itself is left alone. It comes back with hecd undrain, or when it is started anew.",
    "CONTAINER is a name or the beginning of an id.",
  ].join("\n"),
  settings: ["agent"],
  run: ({ operand }, settings, world, signal) => give("drain", operand, settings.agent, world.stdout, signal),
};

/** `hecd undrain`: takes a drain back. */
export const undrainCommand: OperandCommand = {
  operand: { name: "CONTAINER" },
  explanation: [
    "Has the agent of this host give a drained container work again; once --stop-grace is over, also one that was told to",
    "stop, lives on and is not seen to serve.",
    "CONTAINER is a name or the beginning of an id.",
  ].join("\n"),
  settings: ["agent"],
  run: ({ operand }, settings, world, signal) => give("undrain", operand, settings.agent, world.stdout, signal),
};

async function give(
  verb: "drain" | "undrain",
  asked: string,
  address: string,
  stdout: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<number> {
  const answer = await askAgent(address, systemClock, signal);
  if (answer.kind === "silent") throw new HecdError({ code: "agent-unreachable", address, reason: answer.reason });
  const { containers } = answer.report;
  const container = theOne(asked, findContainer(asked, containers));
  const { id, name } = container;
  const outcome = await order(verb, id, { address, clock: systemClock }, signal);
  const work = verb === "drain" ? workThrough(container, serversByAddress(containers)) : undefined;
  stdout.write(`${name} is ${outcome}${work === undefined ? "" : `; ${work}`}\n`);
  return 0;
}
