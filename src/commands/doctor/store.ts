import { fault, fine, type Finding } from "../../core/doctor/finding.js";
import { judgeMember } from "../../core/doctor/host.js";
import { SERVICES } from "../../core/model/keys.js";
import { withoutLogin } from "../../core/text/without-secrets.js";
import { askMember } from "../../edges/etcd-client/probe.js";
import { reasonOf } from "../../errors.js";
import type { Settings } from "../../settings.js";
import { type Deps } from "../daemon.js";
import { isEtcd, openStore } from "../stores.js";

/** Whether the store answers and lets us read; of etcd member by member, as which version and by which clock. */
export async function examineStore(settings: Settings, deps: Deps, signal: AbortSignal): Promise<readonly Finding[]> {
  if (!isEtcd(settings)) return examineOther(settings, deps, signal);
  const tls = { ca: settings["etcd-ca"], cert: settings["etcd-cert"], key: settings["etcd-key"] };
  const members = await Promise.all(
    settings.etcd.map(async (endpoint) => {
      const answer = await askMember(endpoint, tls, deps.clock, signal).catch((error: unknown) => ({
        problem: reasonOf(error),
      }));
      return judgeMember({ endpoint: withoutLogin(endpoint), answer });
    }),
  );
  signal.throwIfAborted();
  const findings = members.flat();
  if (findings.some(({ grade }) => grade === "fault")) return findings;
  const refusal = await readRefusal(settings, deps, signal);
  if (refusal === undefined) return findings;
  return [...findings, fault("etcd", refusal, `HECD_ETCD_PASSWORD, or /etc/credstore/hecd.etcd-password`)];
}

async function examineOther(settings: Settings, deps: Deps, signal: AbortSignal): Promise<readonly Finding[]> {
  const refusal = await readRefusal(settings, deps, signal);
  const at = settings.store ?? "";
  return [refusal === undefined ? fine("store", `it answers at ${at}`) : fault("store", refusal, `--store ${at}`)];
}

/** Why the records cannot be read; undefined when they can. */
async function readRefusal(settings: Settings, deps: Deps, signal: AbortSignal): Promise<string | undefined> {
  try {
    await using store = await openStore(settings, deps);
    await store.read([SERVICES], signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return reasonOf(error);
  }
}
