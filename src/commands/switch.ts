import { SERVICES, STEERING } from "../core/model/keys.js";
import { ALL_SERVERS } from "../core/model/steering.js";
import { type Switch, switchOf, type SwitchTarget } from "../core/view/switch.js";
import { NAME } from "../core/text/patterns.js";
import { HecdError } from "../errors.js";
import type { Store } from "../ports.js";
import { type OperandCommand, STORE_SETTINGS } from "./command.js";
import { openPlainDeps } from "./daemon.js";
import { openStore } from "./stores.js";

/** How often a switch is tried while somebody else changes the same keys. */
const TRIES = 5;

/** `hecd switch`: a service goes over to the servers of one tag, in one step, and back. */
export const switchCommand: OperandCommand = {
  operand: { name: "SERVICE", second: "TAG" },
  explanation: [
    "Has the servers of a service with this tag (label hecd.tags) get all new work, and the others none: blue and green.",
    "Requests that are under way come to their end where they are, and clients of a sticky service stay with their server.",
    "HAProxy is not reloaded. Refused where no server that is up has the tag.",
    "",
    "It is one transaction in the store, which also ends shares of the service; --back goes back to what served before.",
    "The tag * stands for all servers.",
    "",
    "  hecd switch shop green",
    "  hecd switch shop --back",
  ].join("\n"),
  settings: [...STORE_SETTINGS, "prefix", "back"],
  async run({ operand: service, second }, settings, world, signal) {
    if (!NAME.test(service)) throw usage(`"${service}" is no name of a service`);
    const target = targetOf(second, settings.back);
    await using store = await openStore(settings, openPlainDeps(settings, world));
    const made = await carryOut(store, [SERVICES, STEERING, aboveOf(settings.prefix)], service, target, signal);
    world.stdout.write(`${wordsOf(service, made)}\n`);
    return 0;
  },
};

function targetOf(tag: string, isBack: boolean): SwitchTarget {
  if (isBack && tag !== "") throw usage("--back goes back to what was before, and takes no TAG");
  if (isBack) return "back";
  if (tag === "") throw usage("hecd switch needs a TAG, or --back");
  return tag === ALL_SERVERS ? "all" : { tag };
}

/** Makes the switch from what the store holds, which may be another thing a moment later. */
async function carryOut(
  store: Store,
  prefixes: readonly string[],
  service: string,
  target: SwitchTarget,
  signal: AbortSignal,
): Promise<Switch> {
  for (let tries = 0; tries < TRIES; tries++) {
    const found = switchOf(await store.read(prefixes, signal), service, target);
    if ("refused" in found) throw new HecdError({ code: "switch-refused", service, reason: found.refused });
    if (found.changes.length === 0) return found;
    if (!store.exchange) throw new HecdError({ code: "switch-refused", service, reason: "its store can only be read" });
    if (await store.exchange(found.changes, signal)) return found;
  }
  const reason = "somebody else changes the same keys over and over";
  throw new HecdError({ code: "switch-refused", service, reason });
}

function wordsOf(service: string, { changes, from, to, servers }: Switch): string {
  const some = `${servers} server${servers === 1 ? "" : "s"}`;
  const who = to === undefined ? `All servers serve ${service}` : `${to} alone serves ${service}`;
  if (changes.length === 0) return `${who} already (${some})`;
  const before = from === undefined ? "all did" : `${from} did`;
  return `${who} (${some}); before, ${before}. Back: hecd switch ${service} --back`;
}

/** Where the simple keys of all services are. */
function aboveOf(prefix: string): string {
  return prefix.slice(0, prefix.lastIndexOf("/")) || prefix;
}

function usage(problem: string): HecdError {
  return new HecdError({ code: "usage", problem });
}
