import { isInstalled, rightsOf, type UnitFacts } from "../../core/doctor/service.js";
import { groupId, ownIds, userId } from "../../edges/files/users.js";
import { askUnit } from "../../edges/systemd/units.js";
import { reasonOf } from "../../errors.js";
import type { Ids, ProcessWorld } from "../command.js";
import type { Deps } from "../daemon.js";

/** With whose eyes a service is looked at. */
export interface Looker {
  /** His name, for people. */
  readonly user: string;
  /** What systemd says of the unit of the service; nothing where there is none. */
  readonly unit: UnitFacts;
  /** Does something with his rights, where this process may take them on. */
  readonly look: <T>(act: () => Promise<T>) => Promise<T>;
}

/**
 * The user of a service, as its unit names him; whoever has called us where there is no such unit, or where only root
 * could look with his eyes. Rejects when the unit names somebody whom this machine does not know.
 */
export async function lookerOf(
  unitName: string,
  world: ProcessWorld,
  { clock }: Deps,
  signal: AbortSignal,
): Promise<Looker> {
  const unit = await askUnit(unitName, clock, signal);
  const { uid } = ownIds();
  const me = uid === 0 ? "root" : `user ${uid}`;
  if (!isInstalled(unit) || uid !== 0) return { user: me, unit, look: (act) => act() };
  const { user } = rightsOf(unit);
  const ids = await idsOf(unit);
  return {
    user,
    unit,
    look: async (act) => {
      world.lookAs(ids);
      try {
        return await act();
      } finally {
        world.lookAs(undefined);
      }
    },
  };
}

/** Rejects with the name that is missing, with which systemd would not start the service either. */
async function idsOf(unit: UnitFacts): Promise<Ids> {
  const { user, groups } = rightsOf(unit);
  try {
    return { uid: await userId(user), groups: await Promise.all(groups.map(groupId)) };
  } catch (error) {
    throw new Error(`its unit cannot be started: ${reasonOf(error)}`, { cause: error });
  }
}
