import { type ExplainedInstance, type Explanation, sentenceOf } from "../core/decision/explanation.js";
import { shortId } from "../core/decision/new-instance.js";
import { SERVICES, STEERING } from "../core/model/keys.js";
import { steeringWords } from "../core/view/steered-view.js";
import { HecdError } from "../errors.js";
import { systemClock } from "../flow/clock.js";
import type { Settings } from "../settings.js";
import { DECISION_SETTINGS, type OperandCommand, type ProcessWorld, STORE_SETTINGS } from "./command.js";
import { type Inquiry, inquire } from "./inquiry.js";
import { visible } from "../display/table.js";
import { openStore } from "./stores.js";

const DECIDING: ReadonlySet<string> = new Set(DECISION_SETTINGS);

/** `hecd explain`: how a container is registered, or why it is not. */
export const explainCommand: OperandCommand = {
  operand: { name: "CONTAINER" },
  explanation: [
    "Tells how a container is registered and by which keys; or why it is not, and what to change. Asks the agent of",
    "this host; where none answers, or with --standalone, looks at Docker itself and decides as an agent with these",
    "settings would. CONTAINER is a name or the beginning of an id. Exits 0 when there is such a container, else 1. Where",
    "--etcd or --store is said, it tells too what keys of steering have of it.",
    "",
    "  hecd explain web-1",
  ].join("\n"),
  settings: [...DECISION_SETTINGS, ...STORE_SETTINGS.filter((name) => !DECIDING.has(name)), "standalone", "json"],
  async run({ operand }, settings, world, signal) {
    const { stdout, stderr } = world;
    const inquiry = await inquire(operand, settings, signal);
    const steering = await steeringFor(inquiry.explanation, settings, world, signal);
    if (settings.json) stdout.write(`${JSON.stringify(machineForm(inquiry, steering), null, 2)}\n`);
    else stdout.write(humanForm({ ...inquiry, steering }));
    if (inquiry.note !== undefined && !settings.json) stderr.write(`${inquiry.note}\n`);
    return 0;
  },
};

/**
 * What keys of steering have of a container's servers, in words. Where the store is not named, or does not answer, nothing
 * is known of that, and all else is told.
 */
async function steeringFor(
  { instances }: Explanation,
  settings: Settings,
  world: ProcessWorld,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const isNamed = settings.given.has("etcd") || settings.given.has("store");
  if (!isNamed || instances.length === 0) return [];
  try {
    await using store = await openStore(settings, { clock: systemClock, emit: () => undefined });
    const services = [...new Set(instances.map(({ service }) => service))];
    const prefixes = services.flatMap((service) => [`${SERVICES}/${service}`, `${STEERING}/${service}`]);
    return steeringWords(await store.read(prefixes, signal), instances);
  } catch (error) {
    if (!(error instanceof HecdError)) throw error;
    world.stderr.write(`Keys of steering cannot be looked at: ${error.message}\n`);
    return [];
  }
}

function machineForm({ explanation, source, note }: Inquiry, steering: readonly string[]): unknown {
  return { ...explanation, ...(steering.length > 0 && { steering }), source, note };
}

/** The sentence, then the facts it rests on, each line with what it is about in front. */
export function humanForm({
  explanation,
  source,
  steering = [],
}: Pick<Inquiry, "explanation" | "source"> & { readonly steering?: readonly string[] }): string {
  const { id, instances, notes = [], keys } = explanation;
  const lines: readonly (readonly [string, string])[] = [
    ["container", `${shortId(id)}, as ${source} has it`],
    ...instances.flatMap((instance) => linesOf(instance)),
    ...steering.map((words) => ["steered", words] as const),
    ...keyLines(explanation),
    ...notes.map((note) => ["note", note] as const),
  ];
  const context = lines.map(([what, text]) => `  ${what.padEnd(9)}  ${visible(text)}\n`).join("");
  const none = instances.length > 0 && Object.keys(keys).length === 0 ? "  key        none\n" : "";
  return `${visible(sentenceOf(explanation))}\n\n${context}${none}`;
}

function linesOf(instance: ExplainedInstance): readonly (readonly [string, string])[] {
  const { service, addr, targetPort, state, weight, health } = instance;
  return [
    ["service", service],
    ["address", `${addr}, port ${targetPort} of the container`],
    ["state", `${state}, weight ${weight}, ${health === "none" ? "no HEALTHCHECK" : health}`],
  ];
}

/** A record says what the lines above say; its key is enough. */
function keyLines({ keys }: Explanation): readonly (readonly [string, string])[] {
  return Object.entries(keys).map(([key, value]) =>
    value.startsWith("{") ? ["record", key] : ["key", `${key} = ${value}`],
  );
}
