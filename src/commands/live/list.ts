import { describeEvent } from "../../core/events/describe-event.js";
import type { HecdEvent } from "../../core/events/event.js";
import { SERVICES, STEERING } from "../../core/model/keys.js";
import { snapshotOf } from "../../core/model/snapshot.js";
import { type ServiceList, serviceListOf } from "../../core/view/service-list.js";
import { servicesTable } from "../../display/services-table.js";
import { visible } from "../../display/table.js";
import { askAgent } from "../../edges/status/agent-client.js";
import { readReport } from "../../edges/status/daemon-report.js";
import { followDaemon } from "../../edges/status/followed-daemon.js";
import { systemClock } from "../../flow/clock.js";
import { AT_ONCE, settle } from "../../flow/settle.js";
import type { Settings } from "../../settings.js";
import { type Command, STORE_SETTINGS, type ProcessWorld } from "../command.js";
import { openPlainDeps } from "../daemon.js";
import { openStore } from "../stores.js";
import { openWatching, type Watching } from "./watching.js";

/** `hecd list`: the services and servers there are, as templates see them, and those that get no work at present. */
export const listCommand: Command = {
  explanation: [
    "Prints the services and servers that etcd holds, as templates see them, those that get no new work at present with",
    "the reason, and what had to be left out. Where hecd up runs on this host and no --etcd is given, prints what that",
    "one serves: it has no etcd. With --watch it goes on until Ctrl-C, and exits 0 then.",
    "",
    "  hecd list --watch",
    "  hecd list --json | jq -r '.services[].name'",
  ].join("\n"),
  settings: [...STORE_SETTINGS, "prefix", "agent", "watch", "json"],
  async run(settings, world, signal) {
    if (settings.watch) return await watch(settings, world, signal);
    const { stdout, stderr } = world;
    const list = (await listOfUp(settings, signal)) ?? (await listInEtcd(settings, world, signal));
    stdout.write(settings.json ? `${JSON.stringify(list, null, 2)}\n` : servicesTable(list));
    if (!settings.json) stderr.write(leftOutIn(list));
    return 0;
  },
};

/** What the `hecd up` of this host serves; undefined where an etcd is named, or there is none such. */
async function listOfUp({ given, agent }: Settings, signal: AbortSignal): Promise<ServiceList | undefined> {
  if (given.has("etcd")) return undefined;
  const asked = await askAgent(agent, systemClock, signal);
  return asked.kind === "answered" && asked.report.isUp
    ? serviceListOf(snapshotOf(0n, asked.report.registered))
    : undefined;
}

async function listInEtcd(settings: Settings, world: ProcessWorld, signal: AbortSignal): Promise<ServiceList> {
  await using store = await openStore(settings, openPlainDeps(settings, world));
  return serviceListOf(await store.read(prefixesIn(settings), signal));
}

async function watch(settings: Settings, world: ProcessWorld, signal: AbortSignal): Promise<never> {
  const isUp = (await listOfUp(settings, signal)) !== undefined;
  using watching = openWatching("hecd list", wordsOf, settings, world);
  return isUp ? await watchUp(settings.agent, watching, signal) : await watchEtcd(settings, watching, signal);
}

async function watchUp(address: string, watching: Watching<ServiceList>, signal: AbortSignal): Promise<never> {
  for await (const news of followDaemon(address, { of: "state" }, systemClock, signal)) {
    if (news.kind === "away" || news.kind === "absent") {
      watching.warn(`hecd up at ${address} does not answer, this is what it served last: ${news.reason}`);
    } else if (news.kind === "state") {
      const entries = readReport(news.status.state)?.agents.flatMap(({ registered }) => Object.entries(registered));
      if (entries) watching.show(serviceListOf(snapshotOf(0n, entries)));
    }
  }
  throw new Error("hecd up came to an end");
}

async function watchEtcd(settings: Settings, watching: Watching<ServiceList>, signal: AbortSignal): Promise<never> {
  const deps = {
    clock: systemClock,
    emit(event: HecdEvent) {
      const { level, message } = describeEvent(event);
      if (event.kind === "store-connected") watching.clear();
      else if (level === "warn" || level === "error") watching.warn(message);
    },
  };
  await using store = await openStore(settings, deps);
  const open = (s: AbortSignal) => store.watch(prefixesIn(settings), s);
  for await (const snapshot of settle(open, AT_ONCE, deps.clock, signal)) watching.show(serviceListOf(snapshot));
  throw new Error("The store came to an end");
}

function prefixesIn({ prefix }: Settings): readonly string[] {
  const above = prefix.slice(0, prefix.lastIndexOf("/"));
  return [SERVICES, STEERING, above === "" ? prefix : above];
}

function wordsOf(list: ServiceList): string {
  return servicesTable(list) + leftOutIn(list);
}

function leftOutIn({ leftOut }: ServiceList): string {
  return leftOut.map(({ key, reason }) => `Left out ${visible(key)}: ${visible(reason)}\n`).join("");
}
