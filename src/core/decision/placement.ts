import { familyOf } from "../host/advertise.js";
import type { NetworkAddress } from "../host/vicinity.js";
import type { HealthPolicy, LabelConfig } from "../labels/label-config.js";
import { readLabels } from "../labels/labels.js";
import { Memo } from "../memo/memo.js";
import type { Container } from "../model/container.js";
import type { Instance } from "../model/instance.js";
import { type Objection, objection, quote, withNotes } from "../model/reason.js";
import { LONGEST_NAME, NAME } from "../text/patterns.js";
import { type ChosenPort, chosenPorts } from "./chosen-ports.js";
import type { DecisionContext } from "./context.js";
import { addressIn, endpointOf, networksMeant } from "./endpoint.js";
import { instanceOf, shortId } from "./new-instance.js";
import { portsInPod, type Wish } from "./pod.js";
import { inItsNetwork, livesInAnother } from "./shared-network.js";
import { taskOf } from "../labels/swarm-task.js";

/** What a container is to be registered as, whether or not it can serve now; or why it is not for this agent. */
export type Placement = Placed | Objection;

/** A container that is wanted. */
export interface Placed {
  /** How much its HEALTHCHECK counts. */
  readonly health: HealthPolicy;
  /** Its ports, the primary one first; or why it cannot be reached. */
  readonly ports: readonly PlacedPort[] | Objection;
  /** What of its labels was left aside, and what is to be said of where it is registered. */
  readonly notes: readonly string[];
}

/** A port of a container that is to be registered. */
export interface PlacedPort {
  readonly chosen: ChosenPort;
  /** The port as it is registered while it serves; only its `health` is Docker's word of today. */
  readonly instance: Instance;
  /**
   * Where the container itself listens, past what publishes its ports: in the host's network, or at its addresses in
   * the network that is wanted, else in all that it is in, IPv4 first.
   */
  readonly own: "host" | readonly NetworkAddress[];
  /** What is to be said of the place at which it is registered. */
  readonly note: string | undefined;
}

/**
 * Places one container: by its labels, ports, networks and name, whatever its status, its health and its probes.
 * `others` are all containers of the host by their ids, since one may live in the network of another.
 *
 * Never throws: everything in a label is somebody else's text. The same container in the same context gets the same
 * placement, unless it depends on another container.
 */
export function placementOf(
  container: Container,
  context: DecisionContext,
  others: ReadonlyMap<string, Container> = new Map(),
): Placement {
  const place = (): Placement => placeAnew(container, context, others);
  return livesInAnother(container) ? place() : placements.of(container, place, [context]);
}

/**
 * The placements of the containers there are: all containers are decided on whenever one changes. The instances in
 * them stay the same objects, so that their records are written once.
 */
const placements = new Memo<Container, Placement>();

function placeAnew(container: Container, context: DecisionContext, others: ReadonlyMap<string, Container>): Placement {
  if (container.isInfra) {
    return objection(
      "pod-infra",
      "It only holds the network of a pod; the containers of the pod are registered instead",
    );
  }
  const config = readLabels(container, context.compat);
  if ("reason" in config) return config;
  const notes = [...config.notes, ...taskNotes(container)];
  const unwanted = unwantedBy(config, container, context);
  if (unwanted) return withNotes(unwanted, notes);
  const ports = portsOf(container, config, context, others);
  const placeNotes = "reason" in ports ? [] : ports.flatMap(({ note }) => note ?? []);
  return { health: config.health ?? context.health, ports, notes: [...notes, ...new Set(placeNotes)] };
}

function portsOf(
  container: Container,
  config: LabelConfig,
  context: DecisionContext,
  others: ReadonlyMap<string, Container>,
): readonly PlacedPort[] | Objection {
  const shared = inItsNetwork(container, others);
  if ("reason" in shared) return shared;
  const inPod = portsInPod(container, others, (one) => wishOf(one, context));
  if (inPod && "reason" in inPod) return inPod;
  const inNetwork = inPod ? { ...shared, ports: inPod } : shared;
  const ports = chosenPorts(inNetwork, config, context);
  if ("reason" in ports) return ports;
  const placed: PlacedPort[] = [];
  for (const chosen of ports) {
    const name = nameOf(chosen, container, config, chosen === ports[0]);
    if (typeof name !== "string") return name;
    const endpoint = endpointOf(chosen, inNetwork, context);
    if ("reason" in endpoint) return endpoint;
    const instance = instanceOf(chosen, endpoint, name, container, context);
    const network = chosen.config.network ?? context.network;
    const own = inNetwork.networkMode === "host" ? "host" : ownAddresses(inNetwork, network, context);
    placed.push({ chosen, instance, own, note: endpoint.note });
  }
  return placed;
}

/** A task without labels may have them where no container ever gets them. */
function taskNotes(container: Container): readonly string[] {
  const task = taskOf(container);
  if (!task || Object.keys(container.labels).some((label) => /^(hecd\.|service_|traefik\.|easyhaproxy\.)/i.test(label)))
    return [];
  return [
    `It is a task of swarm service ${quote(task.service)} and has no label: those below deploy: in a Compose file belong to the service, and no container has them; write them beside image:, or give docker service create --container-label`,
  ];
}

/** Why a container is not for this agent at all. */
function unwantedBy(config: LabelConfig, { id, labels }: Container, context: DecisionContext): Objection | undefined {
  const { enable, namespaces } = config;
  const { explicit, namespace, ownContainer } = context;
  if (enable?.is === false) return objection("disabled", `${enable.by} keeps it out`);
  const isAskedFor = asksFor(config);
  if (id === ownContainer && !isAskedFor) {
    return objection(
      "own-container",
      "This agent itself runs in it, or in its network; if it is to be registered all the same, give it label hecd.enable=true or hecd.service",
    );
  }
  // A service's own labels are no such wish: Compose gives them to whatever is run once in the place of the service.
  if (labels["com.docker.compose.oneoff"]?.toLowerCase() === "true" && config.isWanted !== true) {
    return objection(
      "one-off",
      "It was started by docker compose run, beside the containers that serve; if it is to be registered all the same, start it with --label hecd.enable=true",
    );
  }
  if (explicit && !isAskedFor) {
    return objection(
      "not-enabled",
      "Only containers that ask for it are registered (--explicit); give it label hecd.enable=true or hecd.service",
    );
  }
  if (namespace === undefined ? namespaces === undefined : namespaces?.includes(namespace)) return undefined;
  const its = namespaces === undefined ? "no namespace" : `namespace ${namespaces.join(", ")}`;
  const ours = namespace === undefined ? "has none" : `has ${namespace}`;
  return objection("other-namespace", `It has ${its} and this agent ${ours}; see label hecd.namespace and --namespace`);
}

function asksFor({ enable, service, ports }: LabelConfig): boolean {
  return enable?.is ?? (service !== undefined || ports.length > 0);
}

function wishOf(container: Container, { compat }: DecisionContext): Wish {
  const config = readLabels(container, compat);
  if ("reason" in config || config.enable?.is === false) return "out";
  return asksFor(config) ? config.ports.map(({ port }) => port) : undefined;
}

/** The primary port of a container has its name; another one has the port behind that, or a name of its own. */
function nameOf(
  { port, config: { name: own } }: ChosenPort,
  container: Container,
  config: LabelConfig,
  isPrimary: boolean,
): string | Objection {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(container.name)) {
    return objection("invalid-name", `Its name ${quote(container.name)} cannot be part of a key; rename it`);
  }
  const end = isPrimary ? "" : `-${port}`;
  const name = own ?? (config.name === undefined ? shortName(container, end) : `${config.name}${end}`);
  if (NAME.test(name)) return name;
  return objection(
    "invalid-name",
    `The name ${quote(name)} has more than 63 characters; give it a shorter one by label hecd.name`,
  );
}

/**
 * The name of a container with `end` behind it, which is no other one's and as long as a name may be at most: a long
 * one is cut, and the container's id stands for the rest. Swarm gives its tasks such names.
 */
function shortName({ name, id }: Container, end: string): string {
  const whole = `${name}${end}`;
  if (whole.length <= LONGEST_NAME) return whole;
  const rest = `-${shortId(id)}${end}`;
  return `${name.slice(0, LONGEST_NAME - rest.length)}${rest}`;
}

/** Its addresses in `network`, else in all that it is in; of each network one, IPv4 where there is one. */
function ownAddresses(
  container: Container,
  network: string | undefined,
  { position }: DecisionContext,
): readonly NetworkAddress[] {
  const names = network === undefined ? Object.keys(container.networks) : networksMeant(container, network, position);
  const found = names.flatMap((name) => addressIn(container, name) ?? []);
  return found.sort((a, b) => familyOf(a.ip) - familyOf(b.ip));
}
