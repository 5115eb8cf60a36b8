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
  agent: { rooms: ["agent", "ports", "core", "flow", "errors"], packages: [] },
  renderer: {
    rooms: ["renderer", "ports", "core", "flow", "template", "haproxy", "errors"],
    packages: ["diff"],
  },
  edges: {
    rooms: ["edges", "ports", "core", "flow", "template", "haproxy", "confd", "config", "errors"],
    packages: ["*"],
  },
  commands: {
    rooms: [
      "commands",
      "agent",
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
  bin: { rooms: ["cli", "commands", "process"], packages: [] },
};
