import { readText } from "../../edges/files/read-text.js";
import { hintsOn } from "../../haproxy/config/migration.js";
import type { OperandCommand } from "../command.js";

/** `hecd migrate-template`: names what today's HAProxy refuses; 0 when there is nothing, 1 when there is. */
export const migrateTemplateCommand: OperandCommand = {
  operand: { name: "FILE" },
  explanation: [
    "Reads a haproxy.cfg, or a template for one in any language, and names the lines that today's HAProxy refuses, with what",
    "to write in their place. Changes nothing. Exits 0 when there are none, 1 when there are some.",
    "",
    "For the keys of another store there is hecd migrate-keys.",
  ].join("\n"),
  settings: [],
  async run({ operand: path }, _, { stdout }) {
    const hints = hintsOn(await readText(path));
    for (const { line, found, reason, instead } of hints) {
      const advice = instead.length === 0 ? ["remove it"] : instead;
      stdout.write(`${path}:${line}: ${found}\n    ${reason}\n${advice.map((words) => `    > ${words}\n`).join("")}`);
    }
    if (hints.length === 0) stdout.write(`${path}: nothing in it is known to be refused by HAProxy 2.6 and later\n`);
    return hints.length === 0 ? 0 : 1;
  },
};
