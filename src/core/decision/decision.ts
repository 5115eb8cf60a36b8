import type { LabelConfig } from "../labels/label-config.js";
import { readLabels } from "../labels/labels.js";
import type { Container } from "../model/container.js";
import { type Instance } from "../model/instance.js";
import { type Objection, objection, quote } from "../model/reason.js";
import { NAME } from "../text/patterns.js";
import { type ChosenPort, chosenPorts } from "./chosen-ports.js";
import type { DecisionContext } from "./context.js";
import { endpointOf } from "./endpoint.js";
import { instanceOf } from "./new-instance.js";
import { type ProbeResult, readinessOf, readinessOfPort, type RuntimeStatus } from "./readiness.js";
import { inItsNetwork, livesInAnother } from "./shared-network.js";

/**
 * What becomes of a container: its instances, with the reason why none of them serves if so, and with what of its
 * labels was left aside; or why there are none.
 */
export type Decision =
  | {
      readonly instances: readonly Instance[];
      readonly because?: Objection | undefined;
      readonly notes?: readonly string[] | undefined;
    }
  | Objection;

/**
 * Decides on one container; `others` are all of the host by their ids, since one may live in the network of another.
 *
 * Never throws: everything in a label is somebody else's text.
 */
export function decisionOf(
  container: Container,
  context: DecisionContext,
  runtimeStatus: RuntimeStatus,
  others: ReadonlyMap<string, Container> = new Map(),
): Decision {
  const known = made.get(container);
  if (known?.context === context && isAsBefore(known, runtimeStatus)) return known.decision;
  const answers = new Map<number, ProbeResult>();
  const decision = decideAnew(
    container,
    context,
    { ...runtimeStatus, probe: noting(runtimeStatus.probe, answers) },
    others,
  );
  if (!livesInAnother(container)) made.set(container, { context, runtimeStatus, answers, decision });
  return decision;
}

/** A decision and all that it came from, but for the container itself. */
interface Made {
  readonly context: DecisionContext;
  readonly runtimeStatus: Pick<RuntimeStatus, "drained" | "held">;
  /** What was asked of the status's probes, with what they said. */
  readonly answers: ReadonlyMap<number, ProbeResult>;
  readonly decision: Decision;
}

/** The last decision on the containers there are, since all of them are decided on whenever one changes. */
const made = new WeakMap<Container, Made>();

function isAsBefore({ runtimeStatus: before, answers }: Made, runtimeStatus: RuntimeStatus): boolean {
  if (before.drained !== runtimeStatus.drained || before.held !== runtimeStatus.held) return false;
  return [...answers].every(([port, finding]) => runtimeStatus.probe(port) === finding);
}

function noting(probe: RuntimeStatus["probe"], answers: Map<number, ProbeResult>): RuntimeStatus["probe"] {
  return (port) => {
    const finding = probe(port);
    answers.set(port, finding);
    return finding;
  };
}

function decideAnew(
  container: Container,
  context: DecisionContext,
  runtimeStatus: RuntimeStatus,
  others: ReadonlyMap<string, Container>,
): Decision {
  const config = readLabels(container, context.compat);
  if ("reason" in config) return config;
  const unwanted = unwantedBy(config, container, context);
  if (unwanted) return unwanted;
  const whole = readinessOf(container, config.health ?? context.health, runtimeStatus);
  if (whole.state === "out") return whole.because;
  const placed = inItsNetwork(container, others);
  if ("reason" in placed) return placed;
  const ports = chosenPorts(placed, config, context);
  if ("reason" in ports) return ports;
  const instances: Instance[] = [];
  let because = whole.state === "up" ? undefined : whole.because;
  for (const port of ports) {
    const name = nameOf(port, container, config, port === ports[0]);
    if (typeof name !== "string") return name;
    const endpoint = endpointOf(port, placed, context);
    if ("reason" in endpoint) return endpoint;
    const isProbed = whole.state === "up" && port.protocol === "tcp";
    const readiness = isProbed ? readinessOfPort(port.port, runtimeStatus) : whole;
    if (readiness.state !== "up") because ??= readiness.because;
    if (readiness.state === "out") continue;
    instances.push(
      instanceOf(port, endpoint, name, container, { state: readiness.state, drained: runtimeStatus.drained }, context),
    );
  }
  if (instances.length === 0 && because) return because;
  return {
    instances,
    ...(because && !instances.some(({ state }) => state === "up") ? { because } : {}),
    ...(config.notes.length > 0 ? { notes: config.notes } : {}),
  };
}

/** Why a container is not for this agent at all. */
function unwantedBy(config: LabelConfig, { id }: Container, context: DecisionContext): Objection | undefined {
  const { enable, service, ports, namespaces } = config;
  const { explicit, namespace, ownContainer } = context;
  if (enable?.is === false) return objection("disabled", `${enable.by} keeps it out`);
  const isAskedFor = enable !== undefined || service !== undefined || ports.length > 0;
  if (id === ownContainer && !isAskedFor) {
    return objection(
      "own-container",
      "This agent itself runs in it, or in its network; if it is to be registered all the same, give it label hecd.enable=true or hecd.service",
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
  const plain = config.name ?? container.name;
  const name = own ?? (isPrimary ? plain : `${plain}-${port}`);
  if (NAME.test(name)) return name;
  return objection(
    "invalid-name",
    `The name ${quote(name)} has more than 63 characters; give it a shorter one by label hecd.name`,
  );
}
