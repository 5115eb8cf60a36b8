import type { Finding } from "../../core/doctor/finding.js";
import { isInstalled, judgeUnit, programOf } from "../../core/doctor/service.js";
import { beginsAsScript } from "../../edges/files/access.js";
import { askUnit } from "../../edges/systemd/units.js";
import type { Deps } from "../daemon.js";

const UNIT = "confd";

/** What the unit of confd needs, where there is one that starts HECD's: the others are no scripts. */
export async function examineConfd({ clock }: Deps, signal: AbortSignal): Promise<readonly Finding[]> {
  const facts = await askUnit(UNIT, clock, signal);
  const program = programOf(facts);
  if (!isInstalled(facts) || program === undefined || !(await beginsAsScript(program))) return [];
  return judgeUnit(UNIT, facts);
}
