import { Memo } from "../memo/memo.js";
import type { Service } from "./server.js";

/** The services, of which those in maintenance have the page that is answered for them; none where it is empty. */
export function withMaintenancePage(services: readonly Service[], maintenancePage: string): readonly Service[] {
  if (maintenancePage === "") return services;
  return services.map((service) =>
    service.isMaintained ? WITH_PAGE.of(service, () => ({ ...service, maintenancePage }), [maintenancePage]) : service,
  );
}

/** The same object while a service is the same, so that it is not written anew. */
const WITH_PAGE = new Memo<Service, Service>();
