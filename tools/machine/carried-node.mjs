import { rmSync } from "node:fs";
import { PROJECT } from "./facts.mjs";

/**
 * Takes the Node that is for the Debian packages out of the programs of npm's packages, where npm puts it before everybody's
 * own: whatever npm runs would run on it.
 */
export function hideCarriedNode() {
  rmSync(`${PROJECT}node_modules/.bin/node`, { force: true });
}
