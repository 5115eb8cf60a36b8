import type { ListedService, ServiceList, RestingServer } from "../core/view/service-list.js";
import { tableOf } from "./table.js";

const HEADING = ["SERVICE", "SERVER", "ADDRESS", "STATE", "WEIGHT", "ROUTES"];

/** The servers of a listing as a table, or the words that there are none. */
export function servicesTable({ services }: Pick<ServiceList, "services">): string {
  const rows = services.flatMap(rowsOf);
  return rows.length === 0 ? "No servers\n" : tableOf(HEADING, rows);
}

function rowsOf({ name, hosts, paths, servers, resting, isMaintained }: ListedService): readonly (readonly string[])[] {
  const routes = [...hosts, ...paths].join(" ") || "-";
  const state = isMaintained ? "maintenance" : "up";
  const all = [...servers.map((server) => ({ ...server, state })), ...resting.map(inWords)];
  return all
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ container, addr, state, weight, backup, steered }) => {
      const why = steered === undefined ? "" : ` (${steered})`;
      return [name, container, addr, state, `${weight}${backup ? " backup" : ""}${why}`, routes];
    });
}

function inWords({ state, why, ...server }: RestingServer) {
  return { ...server, state: why === undefined ? state : `${state} (${why})`, steered: undefined };
}
