import { type Explanation, explainHeld, sentenceOf } from "../core/decision/explanation.js";
import { findContainer } from "../core/decision/find-container.js";
import { shortId } from "../core/decision/new-instance.js";
import type { Reason } from "../core/model/reason.js";
import { launch } from "../edges/docker/control.js";
import { askAgent } from "../edges/status/agent-client.js";
import { HecdError } from "../errors.js";
import { sleep, systemClock as clock } from "../flow/clock.js";
import type { Settings } from "../settings.js";
import { DECISION_SETTINGS, type CommandInput, type OperandCommand, type ProcessWorld } from "./command.js";
import { storeEndpoints } from "./stores.js";
import { addressOf, decideAlone, locate, placesOf } from "./inquiry.js";

/** How often the agent is asked while we wait for it. */
const ASK_EVERY_MS = 100;

/** How long an objection must have stood before it is believed: a container that has just started has to settle. */
const LASTING_MS = 1_000;

/** Objections that do not pass by themselves: nobody needs to wait for their end. */
const FINAL: ReadonlySet<string> = new Set<Reason>([
  "not-running",
  "disabled",
  "invalid-label",
  "invalid-name",
  "no-published-port",
  "port-not-mapped",
  "ambiguous-port",
  "loopback-only",
  "host-network-needs-port",
  "needs-port",
  "no-network",
  "ambiguous-network",
  "not-in-network",
  "network-owner-away",
  "too-many-ports",
  "not-enabled",
  "one-off",
  "other-namespace",
  "no-host-ip",
  "key-conflict",
]);

/** `hecd run`: starts a container as `docker run` does and waits until it serves. */
export const runCommand: OperandCommand = {
  operand: { name: "IMAGE", rest: "[-- OPTIONS] [-- COMMAND]" },
  explanation: [
    "Runs docker run -d -P IMAGE, waits until the agent of this host has registered the container, and tells its port",
    "and name. Behind -- go options of docker run; a command for the container goes behind a second --, or behind the",
    "first where there are no options. Exits 0 when the container is registered, else 1 with the reason; the container",
    "is left as it is then. With --agent off nobody is waited for.",
    "",
    "  hecd run nginx",
    "  hecd run nginx -- --label hecd.service=web -v /srv:/usr/share/nginx/html:ro",
    "  hecd run busybox -- --expose 8080 -- httpd -f -p 8080",
  ].join("\n"),
  settings: [...DECISION_SETTINGS, "wait"],
  async run(given, settings, world, signal) {
    const { stdout, stderr } = world;
    const { operand: image } = given;
    const [engine, another] = placesOf(settings);
    if (!engine || another) {
      throw new HecdError({ code: "usage", problem: "hecd run starts on one engine: name it by --docker" });
    }
    const agent = await askAgent(settings.agent, clock, signal);
    const address = agent.kind === "answered" ? agent.report.address : await addressOf(engine, settings, signal);
    stdout.write(`Launching ${image} on ${address ?? engine.hostId} ...\n`);
    const id = await launch({ image, ...passedOn(given) }, engine.connection, stderr, signal);
    if (agent.kind === "answered") {
      stdout.write(`Announcing to ${agent.report.isUp ? "hecd up" : storeEndpoints(settings).join(",")}...\n`);
      const explanation = await registration(id, settings, signal).catch((error: unknown) => {
        if (signal.aborted) stderr.write(`Did not wait for the agent: container ${shortId(id)} runs\n`);
        throw error;
      });
      return tellOf(explanation, image, world);
    }
    const code = tellOf(await decideAlone(await locate(id, settings, signal), settings, signal), image, world);
    if (settings.agent === "off") return code;
    const why = `No agent answers at ${settings.agent} (${agent.reason})`;
    stderr.write(`${why}: nobody registers the container until hecd agent runs\n`);
    return 1;
  },
};

/** Options begin with a dash, so a command alone needs no second `--` before it. */
export function passedOn({ rest }: CommandInput): {
  readonly options: readonly string[];
  readonly command: readonly string[];
} {
  const end = rest.indexOf("--");
  if (end >= 0) return { options: rest.slice(0, end), command: rest.slice(end + 1) };
  return rest[0]?.startsWith("-") === false ? { options: [], command: rest } : { options: rest, command: [] };
}

/** Asks the agent until it has registered the container, has objected to it for good, or the time is over. */
async function registration(id: string, settings: Settings, signal: AbortSignal): Promise<Explanation> {
  const { agent, wait } = settings;
  const begunAt = clock.now();
  let objection = { reason: "", since: begunAt };
  for (;;) {
    const explanation = await explained(id, agent, signal);
    const { status, reason = "" } = explanation;
    const now = clock.now();
    if (reason !== objection.reason) objection = { reason, since: now };
    const isFinal = FINAL.has(reason) && now - objection.since >= LASTING_MS;
    if (status === "registered" || isFinal || now - begunAt >= wait) return explanation;
    await sleep(ASK_EVERY_MS, clock, signal);
  }
}

/** What the agent has made of the container so far. */
async function explained(id: string, agent: string, signal: AbortSignal): Promise<Explanation> {
  const about = { id, name: shortId(id), status: "pending" as const, instances: [], keys: {} };
  const answer = await askAgent(agent, clock, signal);
  if (answer.kind === "silent") {
    return { ...about, reason: "no-agent", advice: `No agent answers at ${agent} any more` };
  }
  const found = findContainer(id, answer.report.containers);
  if (found.kind === "found") return explainHeld(found.container, found.container.holdings);
  const advice = `The agent at ${agent} does not know it; does it follow this engine?`;
  return { ...about, reason: "not-followed", advice };
}

function tellOf(explanation: Explanation, image: string, { stdout, stderr }: ProcessWorld): number {
  const { name, status, instances } = explanation;
  const [instance] = instances;
  const serves = status === "registered" || status === "would-register";
  if (instance && serves) {
    stdout.write(`${image} running on Port ${instance.port} with name ${name}\n`);
    return 0;
  }
  stderr.write(`hecd: ${sentenceOf(explanation)}\n`);
  return 1;
}
