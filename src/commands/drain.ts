import type { DecidedContainer } from "../core/decision/explanation.js";
import { findContainer } from "../core/decision/find-container.js";
import { serversByAddress, workThrough } from "../core/decision/shared-address.js";
import { NAME } from "../core/text/patterns.js";
import { askAgent } from "../edges/status/agent-client.js";
import { order } from "../edges/status/client.js";
import { HecdError } from "../errors.js";
import { systemClock } from "../flow/clock.js";
import type { Settings } from "../settings.js";
import { tokenOf } from "./daemon.js";
import type { OperandCommand } from "./command.js";
import { theOne } from "./inquiry.js";

const OPERAND = [
  "CONTAINER is a name or the beginning of an id. SERVICE is a service of this host; written as service/SERVICE where a",
  "container has that name, too.",
];

/** `hecd drain`: a container, or all of a service, gets no new work and stays as it is. */
export const drainCommand: OperandCommand = {
  operand: { name: "CONTAINER|SERVICE" },
  explanation: [
    "Has the agent of this host take new work away from a container: its simple key goes, its record says draining.",
    "The container itself is left alone. It comes back with hecd undrain, or when it is started anew.",
    "",
    "A service is put into maintenance: all its containers on this host are drained, also those that start later, until",
    "hecd undrain. Where no other host serves it, clients are answered 503 at once and do not wait.",
    "",
    ...OPERAND,
  ].join("\n"),
  settings: ["agent", "admin-token-file"],
  run: ({ operand }, settings, world, signal) => give("drain", operand, settings, world.stdout, signal),
};

/** `hecd undrain`: takes a drain back. */
export const undrainCommand: OperandCommand = {
  operand: { name: "CONTAINER|SERVICE" },
  explanation: [
    "Has the agent of this host give a drained container work again; once --stop-grace is over, also one that was told to",
    "stop, lives on and is not seen to serve. Or ends the maintenance of a service.",
    "",
    ...OPERAND,
  ].join("\n"),
  settings: ["agent", "admin-token-file"],
  run: ({ operand }, settings, world, signal) => give("undrain", operand, settings, world.stdout, signal),
};

async function give(
  verb: "drain" | "undrain",
  asked: string,
  settings: Settings,
  stdout: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<number> {
  const { agent: address } = settings;
  const token = await tokenOf(settings, "admin-token-file");
  const answer = await askAgent(address, systemClock, signal);
  if (answer.kind === "silent") throw new HecdError({ code: "agent-unreachable", address, reason: answer.reason });
  const { containers } = answer.report;
  const place = { address, token, clock: systemClock };
  const found = findContainer(asked, containers);
  const service = serviceMeant(asked, found.kind === "unknown", containers);
  if (service !== undefined) {
    stdout.write(`service ${service} is ${await order(verb, { service }, place, signal)} on this host\n`);
    return 0;
  }
  const container = theOne(asked, found);
  const { id, name } = container;
  const outcome = await order(verb, { container: id }, place, signal);
  const work = verb === "drain" ? workThrough(container, serversByAddress(containers)) : undefined;
  stdout.write(`${name} is ${outcome}${work === undefined ? "" : `; ${work}`}\n`);
  return 0;
}

/** The service that is meant: the one that is written as such, else one of that name where no container has it. */
function serviceMeant(
  asked: string,
  isNoContainer: boolean,
  containers: readonly DecidedContainer[],
): string | undefined {
  const [, written] = /^service\/(.+)$/.exec(asked) ?? [];
  if (written !== undefined) {
    // What is no name is no part of a path either.
    if (!NAME.test(written)) throw new HecdError({ code: "usage", problem: `"${written}" is no name of a service` });
    return written;
  }
  const services = containers.flatMap(({ decision }) =>
    "instances" in decision ? decision.instances.map((instance) => instance.service) : [],
  );
  return isNoContainer && services.includes(asked) ? asked : undefined;
}
