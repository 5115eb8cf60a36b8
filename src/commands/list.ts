import { SERVICES } from "../core/model/keys.js";
import { servicesOf, type View } from "../core/view/view.js";
import { type Command, ETCD_SETTINGS } from "./command.js";
import { openStore, openDeps } from "./daemon.js";
import { tableOf } from "./table.js";

/** `hecd list`: the services and servers that etcd holds, as templates see them. */
export const listCommand: Command = {
  explanation: "Prints the services and servers that etcd holds, as templates see them, and what had to be left out.",
  settings: [...ETCD_SETTINGS, "prefix", "json"],
  async run(settings, world, signal) {
    await using store = await openStore(settings, openDeps(settings, world));
    const above = settings.prefix.slice(0, settings.prefix.lastIndexOf("/"));
    const view = servicesOf(await store.read([SERVICES, above === "" ? settings.prefix : above], signal));
    world.stdout.write(settings.json ? `${JSON.stringify(view, null, 2)}\n` : servicesTable(view));
    for (const { key, reason } of settings.json ? [] : view.leftOut) world.stderr.write(`Left out ${key}: ${reason}\n`);
    return 0;
  },
};

/** The servers of a view as a table, or the words that there are none. */
export function servicesTable({ services }: View): string {
  const rows = services.flatMap(({ name, hosts, paths, servers }) =>
    servers.map(({ container, addr, weight, backup }) => [
      name,
      container,
      addr,
      `${weight}${backup ? " backup" : ""}`,
      [...hosts, ...paths].join(" ") || "-",
    ]),
  );
  if (rows.length === 0) return "No servers\n";
  return tableOf(["SERVICE", "SERVER", "ADDRESS", "WEIGHT", "ROUTES"], rows);
}
