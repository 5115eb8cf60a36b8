import { required } from "../support/required.js";
import { answerOn } from "../support/live-haproxy.js";
import { type FaultSite, SERVICES } from "./site.js";

/**
 * Throws what does not hold that must hold when nothing is wrong: for each service the keys in etcd, the servers of HAProxy
 * that are up, and those that answer a client are the containers that run; and the renderer is ready.
 */
export async function holdTruths(site: FaultSite): Promise<void> {
  const ready = await fetch(`http://${site.parts.statusAddress}/readyz`, { signal: AbortSignal.timeout(2_000) });
  if (!ready.ok) throw new Error(`the renderer is not ready: ${(await ready.text()).trim()}`);
  const stat = (await site.ask("show stat")) ?? "";
  for (const service of SERVICES) {
    const running = await site.running(service);
    same(`keys of ${service}`, await keysOf(site, service), entries(running));
    same(`servers of ${service}`, serversUp(stat, service), [...running.values()].sort());
    same(`answers of ${service}`, await answersOf(site.port, service, 4 * running.size), [...running.keys()].sort());
  }
}

async function keysOf({ parts }: FaultSite, service: string): Promise<readonly string[]> {
  const prefix = `/app/${service}/`;
  const keys = await required(parts.etcd[0], "member of etcd").keys(prefix);
  return entries(new Map([...keys].map(([key, value]) => [key.slice(prefix.length), value])));
}

/** The addresses of those servers of a backend that HAProxy says are up, of its table with a head. */
function serversUp(stat: string, backend: string): readonly string[] {
  const [head = "", ...rows] = stat.replace(/^# /, "").trim().split("\n");
  const names = head.split(",");
  const [own, name, status, address] = ["pxname", "svname", "status", "addr"].map((word) => names.indexOf(word));
  return rows
    .map((row) => row.split(","))
    .filter((row) => row[own ?? -1] === backend && row[name ?? -1] !== "BACKEND")
    .flatMap((row) => (/^(UP|no check)/.test(row[status ?? -1] ?? "") ? [row[address ?? -1] ?? ""] : []))
    .sort();
}

async function answersOf(port: number, service: string, requests: number): Promise<readonly string[]> {
  const answers = new Set<string>();
  for (let request = 0; request < requests; request++) answers.add((await answerOn(port, `/${service}`)).trim());
  return [...answers].map((answer) => answer.replace(/^200 /, "")).sort();
}

function entries(map: ReadonlyMap<string, string>): readonly string[] {
  return [...map].map(([name, value]) => `${name}=${value}`).sort();
}

function same(what: string, found: readonly string[], expected: readonly string[]): void {
  if (found.join(" ") === expected.join(" ")) return;
  throw new Error(`${what}: ${found.join(" ") || "none"} instead of ${expected.join(" ") || "none"}`);
}
