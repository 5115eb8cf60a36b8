/** Where everything but the simple keys lives. */
const ROOT = "/hecd/v1";

/** The JSON records of all services. */
export const SERVICES = `${ROOT}/services`;

/** What is said of services and servers beside what their agents write. */
export const STEERING = `${ROOT}/steering`;

/** The claims of all agents. */
export const AGENTS = `${ROOT}/agents`;

/** The slots of groups of HAProxies that are not to be reloaded all at once. */
const SLOTS = `${ROOT}/reload-slots`;

/** `/app/servers` in its one canonical form: a leading slash, none at the end, none doubled. */
export function normalPrefix(prefix: string): string {
  const parts = prefix.split("/").filter((part) => part !== "");
  return `/${parts.join("/")}`;
}

/** The service that a container without a service label belongs to: the last part of the prefix. */
export function defaultService(prefix: string): string {
  return prefix.slice(prefix.lastIndexOf("/") + 1);
}

/** `/app/servers/<name>`, or `/app/<service>/<name>` for a container of another service. */
export function simpleKey(prefix: string, service: string, name: string): string {
  return `${prefix.slice(0, prefix.lastIndexOf("/"))}/${service}/${name}`;
}

/** The key of an instance's JSON record. */
export function recordKey(service: string, id: string): string {
  return `${SERVICES}/${service}/${id}`;
}

/** The key of one of the slots of a group, which are counted from 0. */
export function slotKey(group: string, number: number): string {
  return `${SLOTS}/${group}/${number}`;
}

/** The key by which an agent claims its host. */
export function claimKey(hostId: string): string {
  return `${AGENTS}/${hostId}`;
}

/** The key that says something of how a service is steered: `only`, `share/canary`, `weight/web-1`. */
export function steeringKey(service: string, what: string): string {
  return `${STEERING}/${service}/${what}`;
}
