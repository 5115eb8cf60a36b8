import type { Orders } from "../../ports.js";

const ORDER = /^(drain|undrain) (container|service) ([A-Za-z0-9][A-Za-z0-9_.-]{0,254})$/;

/** Gives an order as a button of the page has it, `drain container ID`; resolves to what came of it in words. */
export function giveOrder(text: string, orders: Orders | undefined): string {
  const [, verb, kind, name = ""] = ORDER.exec(text) ?? [];
  if (!orders || verb === undefined) return "There is no such order";
  const outcome = kind === "service" ? ofService(verb, name, orders) : ofContainer(verb, name, orders);
  const short = kind === "service" ? `Service ${name}` : `Container ${name.slice(0, 12)}`;
  return outcome === "unknown" ? `${short} is not known here any more` : `${short} is ${outcome}`;
}

function ofService(verb: string, name: string, orders: Orders): string {
  return verb === "drain" ? orders.drainService(name) : orders.undrainService(name);
}

function ofContainer(verb: string, name: string, orders: Orders): string {
  return verb === "drain" ? orders.drain(name) : orders.undrain(name);
}
