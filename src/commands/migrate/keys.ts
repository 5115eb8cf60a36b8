import { type Move, type PlannedMove, planMoves } from "../../core/registry/migration-plan.js";
import { openClient } from "../../edges/etcd-client/client.js";
import { putCopies, readValues } from "../../edges/etcd/copying.js";
import { EtcdRequests } from "../../edges/etcd/requests.js";
import { readForeignKeys } from "../../edges/documents/foreign-store.js";
import type { Settings } from "../../settings.js";
import { type OperandCommand, type ProcessWorld, STORE_SETTINGS } from "../command.js";
import { openPlainDeps } from "../daemon.js";
import { etcdIn } from "../stores.js";

/** After so many keys each time it is said how far it is. */
const TOLD_EACH = 1_000;

/** How each move is called, for a person. */
const WORDS: Readonly<Record<Move, string>> = {
  write: "write",
  same: "is there already",
  conflict: "conflict",
  overwrite: "overwrite",
  ends: "ends by itself",
};

/** `hecd migrate-keys`: copies the keys of another store into etcd; 0 when all is as it should be, 1 when some are in the way. */
export const migrateKeysCommand: OperandCommand = {
  operand: { name: "FROM" },
  explanation: [
    "Copies the keys of another store into etcd. Without --write it only prints what would be done. A key that is there with",
    "another value is a conflict and left alone, unless --overwrite; a key that ends by itself is left out, since nobody",
    "would keep it alive, unless --with-ending, and stays then. Exits 1 when there are conflicts.",
    "",
    "FROM is an etcd with its old API (http://HOST:2379, or http://HOST:2379/app for a part of it), a store such as",
    "redis://HOST:6379/1, or a file: what consul kv export has written, or a JSON object of keys and values.",
    "",
    "  hecd migrate-keys http://10.0.0.3:2379 --etcd 10.0.0.4:2379",
    "  hecd migrate-keys kv.json --etcd 10.0.0.4:2379 --write",
    "",
    "For templates and haproxy.cfg there is hecd migrate-template.",
  ].join("\n"),
  settings: [...STORE_SETTINGS, "write", "overwrite", "with-ending", "json"],
  async run({ operand: from }, settings, world, signal) {
    const deps = openPlainDeps(settings, world);
    const keys = await readForeignKeys(from, { ...deps, env: {} }, signal);
    const etcd = new EtcdRequests(await openClient(etcdIn(settings), deps.clock), deps);
    try {
      const present = await readValues(
        etcd,
        keys.map(({ key }) => key),
        signal,
      );
      const how = { overwrite: settings.overwrite, withEnding: settings["with-ending"] };
      const planned = planMoves(keys, present, how);
      const moves = settings.write ? await carryOut(etcd, planned, world, signal) : planned;
      world.stdout.write(settings.json ? jsonOf(moves, settings) : textOf(moves, settings));
      return moves.some(({ move }) => move === "conflict") ? 1 : 0;
    } finally {
      etcd.close();
    }
  },
};

/** Writes what is planned; what somebody has changed meanwhile has become a conflict. */
async function carryOut(
  etcd: EtcdRequests,
  moves: readonly PlannedMove[],
  { stderr }: ProcessWorld,
  signal: AbortSignal,
): Promise<readonly PlannedMove[]> {
  const copies = moves.flatMap(({ key, value, move, present }) =>
    move === "write" || move === "overwrite" ? [{ key, value, over: present }] : [],
  );
  let told = 0;
  const onProgress = (done: number): void => {
    if (done - told < TOLD_EACH) return;
    told = done;
    stderr.write(`hecd migrate-keys: ${done} of ${copies.length} keys are written\n`);
  };
  const changed = new Set(await putCopies(etcd, copies, onProgress, signal));
  return moves.map((each) => (changed.has(each.key) ? { ...each, move: "conflict" } : each));
}

function textOf(moves: readonly PlannedMove[], { write }: Settings): string {
  const lines = moves.map((each) => `${WORDS[each.move]}: ${JSON.stringify(each.key)}${notesOn(each)}\n`);
  const count = (...kinds: readonly Move[]): number => moves.filter(({ move }) => kinds.includes(move)).length;
  const sums = [
    `${count("write", "overwrite")} ${write ? "written" : "to write"}`,
    `${count("same")} there already`,
    ...(count("conflict") > 0 ? [`${count("conflict")} in conflict (--overwrite writes them all the same)`] : []),
    ...(count("ends") > 0 ? [`${count("ends")} left out that end by themselves`] : []),
  ];
  const advice = write || count("write", "overwrite") === 0 ? "" : "Nothing was written: --write does it\n";
  return `${lines.join("")}${sums.join(", ")}\n${advice}`;
}

function notesOn({ value, present, endsInSeconds }: PlannedMove): string {
  const values = present === undefined ? "" : ` is ${JSON.stringify(present)}, would be ${JSON.stringify(value)}`;
  if (endsInSeconds === undefined) return values;
  return `${values}${endsInSeconds === 0 ? " with whoever keeps it alive" : ` in ${endsInSeconds} s`}`;
}

function jsonOf(moves: readonly PlannedMove[], { write }: Settings): string {
  return `${JSON.stringify({ written: write, keys: moves }, null, 2)}\n`;
}
