/** Which rooms of the house and which packages a room may import. */
export interface Rule {
  readonly rooms: readonly string[];
  readonly packages: readonly string[];
}

/** Who may import whom: kept by the architecture test, shown in the README. */
export const RULES: Readonly<Record<string, Rule>> = {
  errors: { rooms: [], packages: [] },
  package: { rooms: [], packages: ["node:*"] },
  core: { rooms: ["core", "errors"], packages: ["zod"] },
  template: { rooms: ["template", "core", "errors"], packages: ["handlebars", "node:crypto"] },
  haproxy: { rooms: ["haproxy", "core", "errors"], packages: [] },
  confd: { rooms: ["confd", "core", "errors", "ports"], packages: ["smol-toml", "zod"] },
  flow: { rooms: ["flow"], packages: [] },
  ports: { rooms: ["core"], packages: [] },
  settings: { rooms: [], packages: ["zod"] },
  config: { rooms: ["settings", "core", "errors"], packages: ["smol-toml"] },
  contests: { rooms: ["ports", "core", "flow"], packages: [] },
  agent: { rooms: ["contests", "standings", "ports", "core", "flow", "errors"], packages: [] },
  standings: { rooms: ["port-check", "ports", "core", "flow"], packages: [] },
  "port-check": { rooms: ["ports", "core", "flow"], packages: [] },
  apply: { rooms: ["ports", "core", "flow", "errors"], packages: ["diff"] },
  keeper: { rooms: ["apply", "ports", "core", "flow", "template", "errors"], packages: [] },
  renderer: { rooms: ["apply", "keeper", "ports", "core", "flow", "template", "haproxy", "errors"], packages: [] },
  edges: {
    rooms: ["edges", "ports", "core", "flow", "template", "haproxy", "confd", "config", "errors"],
    packages: ["*"],
  },
  commands: {
    rooms: [
      "commands",
      "agent",
      "apply",
      "renderer",
      "edges",
      "ports",
      "core",
      "flow",
      "template",
      "haproxy",
      "confd",
      "settings",
      "package",
      "errors",
    ],
    packages: ["node:*", "zod"],
  },
  cli: { rooms: ["commands", "config", "settings", "package", "errors"], packages: ["node:*"] },
  process: { rooms: ["commands", "flow"], packages: [] },
  main: { rooms: ["cli", "commands", "process"], packages: [] },
};
