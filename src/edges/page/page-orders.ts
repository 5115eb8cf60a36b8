import { parseDuration } from "../../core/text/duration.js";
import { HecdError, reasonOf } from "../../errors.js";
import type { HistoryOrders, Orders } from "../../ports.js";

/** Who takes the orders of a page, each as far as there is one. */
export interface OrderTakers {
  readonly orders: Orders | undefined;
  readonly history: HistoryOrders | undefined;
}

const DRAIN = /^(drain|undrain) (container|service) ([A-Za-z0-9][A-Za-z0-9_.-]{0,254})$/;
const ROLLBACK = /^rollback version (\d{1,12})$/;
const RESUME = /^resume file (.{1,1000})$/;

/**
 * Gives an order as a button of the page has it in `order`: `drain container ID`, `rollback version ID`, for as long as
 * `for` says, or `resume file NAME`. Resolves to what came of it in words, a refusal too.
 */
export async function giveOrder(form: URLSearchParams, { orders, history }: OrderTakers): Promise<string> {
  const text = form.get("order") ?? "";
  const [, verb, kind, name = ""] = DRAIN.exec(text) ?? [];
  if (orders && verb !== undefined) return drainOrUndrain(verb, kind, name, orders);
  try {
    const [, version] = ROLLBACK.exec(text) ?? [];
    if (history && version !== undefined) return await history.rollback(Number(version), durationIn(form));
    const [, file] = RESUME.exec(text) ?? [];
    if (history && file !== undefined) return await history.resume(file);
  } catch (error) {
    if (error instanceof HecdError) return `Refused: ${reasonOf(error)}`;
    throw error;
  }
  return "There is no such order";
}

/** How long a version is to stay; undefined for until it is resumed. */
function durationIn(form: URLSearchParams): number | undefined {
  const text = form.get("for") ?? "";
  if (text === "") return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new HecdError({ code: "usage", problem: `"${text}" is no time such as 1h or 15m` });
}

function drainOrUndrain(verb: string, kind: string | undefined, name: string, orders: Orders): string {
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
