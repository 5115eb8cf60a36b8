import type { ListedService, ServiceList, RestingServer } from "../core/view/service-list.js";
import { tableOf } from "./table.js";

const HEADING = ["SERVICE", "SERVER", "ADDRESS", "STATE", "WEIGHT", "ROUTES"];

/** The servers of a listing as a table, or the words that there are none. */
export function servicesTable({ services }: Pick<ServiceList, "services">): string {
  const rows = services.flatMap(rowsOf);
  return rows.length === 0 ? "No servers\n" : tableOf(HEADING, rows);
}

function rowsOf(service: ListedService): readonly (readonly string[])[] {
  const routes = [...service.hosts, ...service.paths].join(" ") || "-";
  return listedRows(service).map(({ container, addr, state, why, weight }) => {
    return [service.name, container, addr, why === undefined ? state : `${state} (${why})`, weight, routes];
  });
}

/** A server of a service in words. */
interface ListedRow {
  readonly container: string;
  readonly addr: string;
  readonly state: string;
  /** Why it rests, as far as its record tells. */
  readonly why: RestingServer["why"];
  /** `0 (green alone serves)`. */
  readonly weight: string;
}

/** All servers of a service, those that rest among them, by name. */
export function listedRows({ servers, resting, isMaintained }: ListedService): readonly ListedRow[] {
  const state = isMaintained ? "maintenance" : "up";
  const serving = servers.map((server) => ({ ...server, state, why: undefined }));
  return [...serving, ...resting.map((server) => ({ ...server, why: server.why, steered: undefined }))]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ container, addr, state, why, weight, backup, steered }) => {
      const because = steered === undefined ? "" : ` (${steered})`;
      return { container, addr, state, why, weight: `${weight}${backup ? " backup" : ""}${because}` };
    });
}
