import { z } from "zod";
import { askStatus } from "../edges/status/client.js";
import { reasonOf } from "../errors.js";
import { systemClock } from "../flow/clock.js";
import type { Command } from "./command.js";
import { tableOf } from "./table.js";

/** What is known of one daemon. */
interface Report {
  readonly daemon: "agent" | "renderer";
  readonly address: string;
  readonly ready: boolean;
  readonly waitingFor: readonly string[];
  readonly state?: unknown;
}

/** `hecd status`: how the daemons of this host are. */
export const statusCommand: Command = {
  explanation:
    "Asks the agent and the renderer of this host how they are. Exits 0 when each that was asked is ready, else 1.",
  settings: ["agent", "renderer", "json"],
  async run(settings, { stdout }, signal) {
    const asked = (["agent", "renderer"] as const).filter((daemon) => settings[daemon] !== "off");
    const reports = await Promise.all(asked.map((daemon) => ask(daemon, settings[daemon], signal)));
    if (settings.json) stdout.write(`${JSON.stringify(reports, null, 2)}\n`);
    else {
      const rows = reports.map(({ daemon, address, ready, waitingFor, state }) => [
        daemon,
        address,
        ready ? `ready${agreementIn(state)}` : `waiting for ${waitingFor.join(", ")}`,
      ]);
      stdout.write(tableOf(["DAEMON", "ADDRESS", "STATUS"], rows));
    }
    return reports.every(({ ready }) => ready) ? 0 : 1;
  },
};

const renderer = z.object({
  resources: z.array(
    z.object({
      name: z.string(),
      pinned: z.object({ to: z.number(), since: z.string(), out: z.array(z.string()), waiting: z.number() }).optional(),
      leftOut: z.array(z.object({ key: z.string(), reason: z.string() })).optional(),
      haproxy: z
        .object({
          agrees: z.boolean().optional(),
          certificates: z.array(z.object({ fault: z.string().optional() })).optional(),
        })
        .optional(),
    }),
  ),
});

/** Whether each HAProxy runs what its file says, as far as the renderer could ask it; what is pinned, and what is left out. */
function agreementIn(state: unknown): string {
  const parsed = renderer.safeParse(state);
  return (parsed.data?.resources ?? [])
    .flatMap(({ name, haproxy, pinned, leftOut = [] }) => [
      ...(haproxy ? [`; HAProxy of ${name} ${wordsOf(haproxy.agrees)}${faultsIn(haproxy.certificates)}`] : []),
      ...(pinned ? [`; ${name} is pinned to version ${pinned.to} since ${pinned.since}${pinEffects(pinned)}`] : []),
      ...(leftOut.length > 0 ? [`; ${name} leaves out ${omitted(leftOut)}`] : []),
    ])
    .join("");
}

function pinEffects({ out, waiting }: { readonly out: readonly string[]; readonly waiting: number }): string {
  const gone = out.length === 0 ? [] : [`${out.length} servers of it are out of work`];
  return [...gone, ...(waiting === 0 ? [] : [`${waiting} new addresses wait`])].map((each) => `, ${each}`).join("");
}

/** A few of what is left out; all of it is in the answer for machines. */
function omitted(leftOut: readonly { readonly key: string; readonly reason: string }[]): string {
  const [first, ...others] = leftOut.map(({ key, reason }) => `${key} (${reason})`);
  return `${first ?? ""}${others.length === 0 ? "" : ` and ${others.length} more`}`;
}

function wordsOf(agrees: boolean | undefined): string {
  if (agrees === undefined) return "cannot be asked";
  return agrees ? "agrees with its file" : "differs from its file";
}

function faultsIn(certificates: readonly { readonly fault?: string | undefined }[] = []): string {
  const faulty = certificates.filter(({ fault }) => fault !== undefined).length;
  return faulty === 0 ? "" : `, ${faulty} of ${certificates.length} certificates cannot be used as they are on disk`;
}

async function ask(daemon: Report["daemon"], address: string, signal: AbortSignal): Promise<Report> {
  try {
    return { daemon, address, ...(await askStatus(address, systemClock, signal)) };
  } catch (error) {
    signal.throwIfAborted();
    return { daemon, address, ready: false, waitingFor: [`an answer (${reasonOf(error)})`] };
  }
}
