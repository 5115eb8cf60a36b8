import { type HeadlineModel, headlineModel } from "./attention.js";
import type { PageFacts } from "./facts.js";
import { type CertificateModel, certificatesModel, type FileModel, filesModel } from "./files.js";
import { historiesModel, type HistoryModel } from "./history.js";
import { type HostModel, hostsModel } from "./hosts.js";
import { type LeftOutContainer, ofAgents, ofStore, type RecordReader, steeredInstance } from "./instances.js";
import type { Link } from "./links.js";
import { barPlot, type Plot } from "./plot.js";
import { type ServiceModel, servicesModel } from "./services.js";
import { dayAndTime } from "./time.js";

/** All that stands on a page, in the order and the words in which it stands there. */
export interface PageModel {
  readonly title: string;
  readonly headline: HeadlineModel;
  readonly links: readonly Link[];
  readonly plots: readonly Plot[];
  readonly services: readonly ServiceModel[];
  readonly leftOut: readonly LeftOutContainer[];
  readonly unusable: readonly { readonly key: string; readonly reason: string }[];
  readonly files: readonly FileModel[];
  readonly certificates: readonly CertificateModel[];
  /** What became of each file; undefined where nobody keeps that. */
  readonly histories: readonly HistoryModel[] | undefined;
  readonly hosts: readonly HostModel[];
  readonly told: readonly { readonly at: string; readonly level: string; readonly message: string }[];
}

const PLOT_HEIGHT = 36;

/** Makes a page of what is known. */
export function pageModel(facts: PageFacts, reader: RecordReader): PageModel {
  const { at, daemon, waitingFor, agents, snapshot, resources, proxies, links, hour, told } = facts;
  const own = ofAgents(agents, waitingFor, reader);
  const others = snapshot && ofStore(snapshot, new Set(agents.map(({ host }) => host)), reader);
  const steering = reader.steering.of(snapshot);
  reader.endRound();
  const instances = [...own.instances, ...(others?.instances ?? [])].map((each) => steeredInstance(each, steering));
  const answering = [...proxies.values()].filter((proxy) => proxy !== undefined);
  const proxiesOrNone = answering.length > 0 ? answering : undefined;
  const services = servicesModel({ instances, hour, steering: steering.services, proxies: proxiesOrNone });
  const files = filesModel(resources, at);
  const certificates = certificatesModel(resources, at);
  const histories = facts.histories && historiesModel(resources, facts.histories);
  const hosts = hostsModel(agents, snapshot, instances);
  const unusable = [...(others?.unusable ?? []), ...steering.unusable];
  const { leftOut } = own;
  return {
    title: `${daemon.machine}: hecd ${daemon.role}`,
    headline: headlineModel({ facts, services, files, certificates, histories, hosts, leftOut, unusable }),
    links,
    plots: [
      barPlot("changes", hour.changes, PLOT_HEIGHT),
      barPlot("reloads", hour.reloads, PLOT_HEIGHT),
      barPlot("failures", hour.failures, PLOT_HEIGHT),
    ],
    ...{ services, files, certificates, histories, hosts, leftOut, unusable },
    told: told.map((each) => ({
      at: dayAndTime(Date.parse(each.at)),
      level: each.level,
      message: each.host === undefined ? each.message : `${each.host}: ${each.message}`,
    })),
  };
}
