import { NAME } from "../../core/text/patterns.js";
import { askAgent } from "../../edges/status/agent-client.js";
import { HecdError } from "../../errors.js";
import { systemClock } from "../../flow/clock.js";
import type { OperandCommand } from "../command.js";

/** `hecd names`: what shells offer where a name is asked for; nothing where no agent answers, which is no failure. */
export const namesCommand: OperandCommand = {
  operand: { name: "containers|services" },
  explanation: [
    "Prints the names of the containers that the agent of this host follows, or of the services that it registers, a",
    "line each: what shells offer where one is asked for. Prints nothing where no agent answers.",
  ].join("\n"),
  settings: ["agent"],
  async run({ operand }, { agent }, { stdout }, signal) {
    if (operand !== "containers" && operand !== "services") {
      throw new HecdError({ code: "usage", problem: `hecd names takes containers or services, not "${operand}"` });
    }
    const answer = await askAgent(agent, systemClock, signal);
    const containers = answer.kind === "answered" ? answer.report.containers : [];
    const names = containers.flatMap(({ name, decision }) => {
      if (operand === "containers") return [name];
      return "instances" in decision ? decision.instances.map(({ service }) => service) : [];
    });
    // A shell may take what it offers for more than a text, so nothing but a name goes there.
    const offered = [...new Set(names)].filter((name) => NAME.test(name)).sort();
    stdout.write(offered.map((name) => `${name}\n`).join(""));
    return 0;
  },
};
