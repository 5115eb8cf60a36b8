import { type ExplainedInstance, type Explanation, sentenceOf } from "../core/decision/explanation.js";
import { shortId } from "../core/decision/new-instance.js";
import { DECISION_SETTINGS, type OperandCommand } from "./command.js";
import { type Inquiry, inquire } from "./inquiry.js";
import { visible } from "../display/table.js";

/** `hecd explain`: how a container is registered, or why it is not. */
export const explainCommand: OperandCommand = {
  operand: { name: "CONTAINER" },
  explanation: [
    "Tells how a container is registered and by which keys; or why it is not, and what to change. Asks the agent of",
    "this host; where none answers, or with --standalone, looks at Docker itself and decides as an agent with these",
    "settings would. CONTAINER is a name or the beginning of an id. Exits 0 when there is such a container, else 1.",
    "",
    "  hecd explain web-1",
  ].join("\n"),
  settings: [...DECISION_SETTINGS, "standalone", "json"],
  async run({ operand }, settings, { stdout, stderr }, signal) {
    const inquiry = await inquire(operand, settings, signal);
    if (settings.json) stdout.write(`${JSON.stringify(machineForm(inquiry), null, 2)}\n`);
    else stdout.write(humanForm(inquiry));
    if (inquiry.note !== undefined && !settings.json) stderr.write(`${inquiry.note}\n`);
    return 0;
  },
};

function machineForm({ explanation, source, note }: Inquiry): unknown {
  return { ...explanation, source, note };
}

/** The sentence, then the facts it rests on, each line with what it is about in front. */
export function humanForm({ explanation, source }: Pick<Inquiry, "explanation" | "source">): string {
  const { id, instances, notes = [], keys } = explanation;
  const lines: readonly (readonly [string, string])[] = [
    ["container", `${shortId(id)}, as ${source} has it`],
    ...instances.flatMap((instance) => linesOf(instance)),
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
