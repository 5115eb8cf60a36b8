import { Memo } from "../memo/memo.js";
import type { Container } from "../model/container.js";
import { type Objection, objection, withNotes } from "../model/reason.js";
import { type Dialect, DIALECTS, type Statement } from "./dialect.js";
import { readEasyHaproxy } from "./easyhaproxy-labels.js";
import { type PortConfig, weigh, type LabelConfig } from "./label-config.js";
import { readNative } from "./native-labels.js";
import { readNginxProxy } from "./nginx-proxy-labels.js";
import { readRegistrator } from "./registrator-labels.js";
import { readTraefik } from "./traefik-labels.js";
import { AT_MOST } from "./validators.js";

/**
 * All that a container asks for: by our own labels first, then by those of the other tools in the order of `DIALECTS`,
 * as far as these are in `dialects`; what is said of one port goes before what is said of the whole in the same dialect.
 *
 * Nothing is ever registered by half of what our own labels say: one that does not fit is an objection. A foreign one
 * was not written for us: it is left aside, with a note, and so is one of our own that looks mistyped. The strongest
 * dialect that names ports decides which.
 */
export function readLabels(container: Container, dialects: readonly Dialect[]): LabelConfig | Objection {
  return CONFIGS.of(container, () => readAnew(container, dialects), dialects);
}

/** What was read of the containers there are, since all of them are decided on whenever one changes. */
const CONFIGS = new Memo<Container, LabelConfig | Objection>();

const READERS: Readonly<Record<Dialect, (container: Container) => Statement>> = {
  registrator: readRegistrator,
  traefik: ({ labels }) => readTraefik(labels),
  "nginx-proxy": readNginxProxy,
  easyhaproxy: ({ labels }) => readEasyHaproxy(labels),
};

function readAnew(container: Container, dialects: readonly Dialect[]): LabelConfig | Objection {
  const native = readNative(container.labels);
  const [fault] = native.faults;
  if (fault !== undefined) return withNotes(objection("invalid-label", fault), native.notes);
  const foreign = DIALECTS.filter((dialect) => dialects.includes(dialect)).map((dialect) =>
    READERS[dialect](container),
  );
  const statements = [native, ...foreign];
  return {
    ...weigh(...statements.map(({ whole }) => whole)),
    ...native.container,
    ports: portsOf(statements),
    exceptPorts: exceptionsIn(statements),
    notes: [...native.notes, ...foreign.flatMap(({ faults }) => faults)].slice(0, AT_MOST),
  };
}

function portsOf(statements: readonly Statement[]): readonly PortConfig[] {
  const except = exceptionsIn(statements);
  const named = statements.find((statement) => statement.named.length > 0)?.named ?? [];
  return named
    .filter(({ port }) => !except.includes(port))
    .map((port) => {
      const own = statements.map(({ ofPort }) => ofPort.get(port.port));
      // What the whole is called is no name for one of its ports, or two of them would have the same.
      const layers = statements.flatMap(({ whole }, index) => [own[index], { ...whole, name: undefined }]);
      return { ...weigh(...layers), ...port };
    });
}

/** The ports that the strongest dialect that speaks of them keeps out. */
function exceptionsIn(statements: readonly Statement[]): readonly number[] {
  const spoken = new Map<number, boolean>();
  for (const { ofPort } of statements) {
    for (const [port, { enable }] of ofPort) {
      if (enable !== undefined && !spoken.has(port)) spoken.set(port, enable.is);
    }
  }
  return [...spoken].filter(([, isOn]) => !isOn).map(([port]) => port);
}
