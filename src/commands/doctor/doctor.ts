import type { Finding } from "../../core/doctor/finding.js";
import { type Command, DOCKER_SETTINGS, STORE_SETTINGS } from "../command.js";
import { openDeps } from "../daemon.js";
import { examineAgent } from "./agent.js";
import { examineConfd } from "./confd.js";
import { examineRenderer } from "./renderer.js";
import { examineStore } from "./store.js";

/** `hecd doctor`: tells what a host lacks to be served, each with the line to add; changes nothing. */
export const doctorCommand: Command = {
  explanation: [
    "Looks at all that the agent and the renderer of this host need: Docker's socket, etcd, HAProxy's sockets and its",
    "master, the folders that are written to, ports, clocks, units, templates. Says what is missing, each with the line",
    "to add. As root it looks with the eyes of the users of both services. Changes nothing; exits 1 when there is a fault.",
    "",
    "  hecd doctor",
    "  hecd doctor --agent off        a host that has HAProxy and no Docker",
    "  hecd doctor --renderer off     a host that has Docker and no HAProxy",
  ].join("\n"),
  settings: [...STORE_SETTINGS, ...DOCKER_SETTINGS, "state-dir", "confdir", "haproxy", "agent", "renderer", "json"],
  async run(settings, world, signal) {
    const deps = openDeps({ ...settings, "log-level": "error" }, world);
    const findings: Finding[] = [...(await examineStore(settings, deps, signal))];
    const canReadStore = findings.every(({ grade }) => grade !== "fault");
    if (settings.agent !== "off") findings.push(...(await examineAgent(settings, world, deps, signal)));
    if (settings.renderer !== "off") {
      findings.push(...(await examineRenderer(settings, canReadStore, world, deps, signal)));
    }
    findings.push(...(await examineConfd(deps, signal)));
    world.stdout.write(
      settings.json ? `${JSON.stringify(findings, null, 2)}\n` : findings.map(wordsOfFinding).join(""),
    );
    return findings.some(({ grade }) => grade === "fault") ? 1 : 0;
  },
};

const MARKS: Readonly<Record<Finding["grade"], string>> = { fine: "ok    ", advice: "advice", fault: "FAULT " };

export function wordsOfFinding({ about, grade, says, remedy }: Finding): string {
  const [first = "", ...more] = says.trimEnd().split("\n");
  const lines = [`${MARKS[grade]}  ${about} - ${first}`, ...more.map((line) => `          ${line}`)];
  return `${[...lines, ...(remedy === undefined ? [] : [`          -> ${remedy}`])].join("\n")}\n`;
}
