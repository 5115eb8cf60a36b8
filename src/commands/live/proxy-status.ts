import type { FileStatus, ProxyStatus } from "../../display/status-table.js";
import type { DaemonReport, ResourcePart } from "../../edges/status/daemon-report.js";

/** How the HAProxies of a daemon stand to their files, as far as it says. */
export function proxiesOf(report: DaemonReport | undefined): readonly ProxyStatus[] {
  return (report?.resources ?? []).flatMap((resource) => proxyOf(resource) ?? []);
}

/** What is pinned, left out and steered of the files of a daemon. */
export function filesOf(report: DaemonReport | undefined): readonly FileStatus[] {
  return (report?.resources ?? []).map(({ name, pinned, leftOut = [], steering = [] }) => {
    return { name, pinned, leftOut, ...(steering.length > 0 && { steering }) };
  });
}

function proxyOf({ name, haproxy }: ResourcePart): ProxyStatus | undefined {
  if (!haproxy) return undefined;
  const { agrees, certificates = [] } = haproxy;
  const faultyCertificates = certificates.filter(({ fault }) => fault !== undefined).length;
  return { name, agrees, certificates: certificates.length, faultyCertificates };
}
