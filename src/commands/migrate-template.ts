import { readText } from "../edges/files/read-text.js";
import { HecdError } from "../errors.js";
import { hintsOn } from "../haproxy/config/migration.js";
import type { ProcessWorld } from "./command.js";

const USAGE = `Usage: hecd migrate-template FILE

Reads a haproxy.cfg, or a template for one in any language, and names the lines that today's HAProxy refuses, with what
to write in their place. Changes nothing. Exits 0 when there are none, 1 when there are some.
`;

/** `hecd migrate-template`: names what today's HAProxy refuses; 0 when there is nothing, 1 when there is, 64 usage. */
export async function migrateTemplate(argv: readonly string[], { stdout }: ProcessWorld): Promise<number> {
  const [path, ...others] = argv;
  if (path === "--help" || path === "-h") {
    stdout.write(USAGE);
    return 0;
  }
  if (path === undefined || path.startsWith("-") || others.length > 0) {
    throw new HecdError({ code: "usage", problem: "hecd migrate-template takes one file" });
  }
  const hints = hintsOn(await readText(path));
  for (const { line, found, reason, instead } of hints) {
    const advice = instead.length === 0 ? ["remove it"] : instead;
    stdout.write(`${path}:${line}: ${found}\n    ${reason}\n${advice.map((words) => `    > ${words}\n`).join("")}`);
  }
  if (hints.length === 0) stdout.write(`${path}: nothing in it is known to be refused by HAProxy 2.6 and later\n`);
  return hints.length === 0 ? 0 : 1;
}
