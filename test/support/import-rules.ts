/** Which rooms of the house and which packages a room may import. */
export interface Rule {
  /** Rooms besides itself; `core/*` stands for every room in `core`. */
  readonly rooms: readonly string[];
  readonly packages: readonly string[];
}

/**
 * Who may import whom, from the programs down to the ground. A room is a folder, or a file that stands beside the folders.
 *
 * Kept by the architecture test, shown in the documents. No two rooms lead to each other.
 */
export const RULES: Readonly<Record<string, Rule>> = {
  bin: { rooms: ["cli", "process", "commands/confd"], packages: [] },
  cli: { rooms: ["commands", "commands/*", "command-line", "errors"], packages: [] },
  "command-line": {
    rooms: ["commands", "edges/files", "edges/host", "edges/systemd", "config", "settings", "core/text", "errors"],
    packages: ["node:*"],
  },
  process: { rooms: ["commands", "display", "flow", "version"], packages: ["node:events"] },
  "commands/history": {
    rooms: [
      ...["commands", "renderer/history", "edges/history", "edges/output", "edges/status", "core/history", "flow"],
      ...["display", "settings", "errors"],
    ],
    packages: ["zod"],
  },
  "commands/confd": {
    rooms: ["commands", "renderer", "edges/*", "confd", "ports", "core/*", "flow", "errors"],
    packages: ["node:*"],
  },
  "commands/completion": {
    rooms: ["commands", "edges/status", "core/text", "flow", "errors"],
    packages: [],
  },
  "commands/migrate": {
    rooms: ["commands", "edges/*", "haproxy/config", "core/registry", "settings"],
    packages: [],
  },
  "commands/push": {
    rooms: ["commands", "renderer", "edges/*", "haproxy/*", "ports", "core/*", "flow", "display", "settings", "errors"],
    packages: ["node:*"],
  },
  "commands/doctor": {
    rooms: ["commands", "edges/*", "haproxy/*", "ports", "core/*", "settings", "errors"],
    packages: ["node:*"],
  },
  commands: {
    rooms: [
      ...["agent", "renderer", "edges/*", "template", "haproxy/*", "confd", "ports", "core/*", "flow"],
      ...["display", "settings", "package", "version", "errors"],
    ],
    packages: ["node:*"],
  },
  "edges/terminal": { rooms: ["display", "flow"], packages: [] },
  "commands/live": {
    rooms: [
      ...["commands", "display", "edges/files", "edges/status", "edges/systemd", "edges/terminal"],
      ...["core/*", "flow", "settings", "errors"],
    ],
    packages: [],
  },
  display: { rooms: ["core/*"], packages: [] },

  agent: { rooms: ["ports", "core/*", "flow", "errors"], packages: [] },
  "renderer/history": { rooms: ["ports", "core/*", "haproxy/config", "flow", "errors"], packages: ["diff"] },
  renderer: { rooms: ["renderer/history", "ports", "core/*", "template", "haproxy/*", "flow", "errors"], packages: [] },

  "edges/docker": {
    rooms: ["edges/files", "ports", "core/*", "flow", "errors"],
    packages: ["node:*", "dockerode", "p-queue", "zod"],
  },
  "edges/documents": {
    rooms: [
      "edges/etcd",
      "edges/redis",
      "edges/zookeeper",
      "edges/consul",
      "edges/files",
      "confd",
      "template/functions",
      "ports",
      "core/*",
      "flow",
      "errors",
    ],
    packages: ["node:*", "yaml"],
  },
  "edges/etcd": {
    rooms: ["edges", "edges/etcd-client", "edges/leases", "ports", "core/*", "flow", "errors"],
    packages: [],
  },
  "edges/etcd-client": {
    rooms: ["edges/files", "core/text", "flow", "errors"],
    packages: ["node:*", "@grpc/grpc-js", "cockatiel", "etcd3"],
  },
  "edges/redis": {
    rooms: ["edges", "edges/files", "edges/leases", "ports", "core/*", "flow", "errors"],
    packages: ["node:*", "@redis/client", "zod"],
  },
  "edges/zookeeper": {
    rooms: ["edges", "edges/files", "edges/leases", "ports", "core/*", "flow", "errors"],
    packages: ["node:*", "zod"],
  },
  "edges/consul": {
    rooms: ["edges", "edges/files", "edges/leases", "ports", "core/*", "flow", "errors"],
    packages: ["node:*", "zod"],
  },
  "edges/leases": { rooms: ["edges", "ports", "core/*", "flow", "errors"], packages: ["p-queue"] },
  "edges/memory": { rooms: ["edges", "ports", "core/*", "flow", "errors"], packages: [] },
  "edges/certificates": {
    rooms: ["edges/files", "haproxy/certificates", "core/events", "core/model", "flow", "errors"],
    packages: ["node:*"],
  },
  "edges/haproxy": {
    rooms: ["edges/certificates", "edges/files", "edges/host", "haproxy/*", "ports", "core/*", "flow", "errors"],
    packages: ["node:*"],
  },
  "edges/haproxy-container": {
    rooms: [
      ...["edges/docker", "edges/files", "edges/haproxy", "edges/host", "edges/output", "haproxy/*", "ports"],
      ...["core/*", "flow", "errors"],
    ],
    packages: ["node:*", "tar-stream"],
  },
  "edges/own-haproxy": {
    rooms: ["edges/files", "edges/haproxy", "edges/host", "haproxy/config", "core/events", "flow", "errors"],
    packages: ["node:*"],
  },
  "edges/output": {
    rooms: [
      ...[
        "edges/files",
        "edges/host",
        "haproxy/config",
        "confd",
        "template/functions",
        "template/time",
        "ports",
        "core/*",
        "flow",
      ],
      "errors",
    ],
    packages: ["node:*"],
  },
  "edges/history": { rooms: ["edges/files", "ports", "core/history"], packages: ["node:*"] },
  "edges/cfg": {
    rooms: ["edges/files", "edges/host", "edges/status", "ports", "core/*", "flow", "errors"],
    packages: ["node:*"],
  },
  "edges/page": {
    rooms: ["edges/haproxy", "edges/status", "haproxy/runtime", "ports", "core/*", "flow", "errors"],
    packages: ["node:*", "handlebars"],
  },
  "edges/status": {
    rooms: ["edges/files", "edges/host", "ports", "core/*", "flow", "errors"],
    packages: ["node:*", "prom-client", "zod"],
  },
  "edges/host": {
    rooms: ["edges/files", "confd", "template/functions", "ports", "core/*", "flow", "errors"],
    packages: ["node:*", "p-queue", "pino", "pino-pretty", "saxes", "smol-toml", "yaml", "zod"],
  },
  "edges/systemd": { rooms: ["edges/files", "edges/host", "flow", "errors"], packages: ["node:*"] },
  "edges/files": { rooms: ["flow", "errors"], packages: ["node:*"] },
  edges: { rooms: ["core/events", "core/model", "flow", "errors"], packages: [] },

  template: {
    rooms: ["template/*", "core/view", "core/memo", "core/model", "core/text", "errors"],
    packages: ["handlebars"],
  },
  "template/handlebars": {
    rooms: ["template/go-values", "core/memo", "errors"],
    packages: ["handlebars"],
  },
  "template/go": { rooms: ["template/go-values"], packages: [] },
  "template/functions": {
    rooms: ["template/regexp", "template/time", "template/go-values", "core/model", "core/text"],
    packages: ["node:crypto"],
  },
  "template/time": { rooms: ["template/go-values"], packages: [] },
  "template/regexp": { rooms: ["template/go-values"], packages: ["re2js"] },
  "template/go-values": { rooms: ["errors"], packages: [] },

  confd: { rooms: ["ports", "core/events", "core/model", "core/text"], packages: ["smol-toml"] },
  "haproxy/certificates": { rooms: ["haproxy/config", "core/model"], packages: ["node:crypto"] },
  "haproxy/master": { rooms: [], packages: [] },
  "haproxy/runtime": {
    rooms: ["haproxy/config", "haproxy/maps", "core/fleet", "core/memo", "core/model"],
    packages: [],
  },
  "haproxy/maps": { rooms: ["haproxy/config", "core/memo"], packages: [] },
  "haproxy/config": { rooms: ["core/memo"], packages: [] },
  "haproxy/words": { rooms: [], packages: [] },

  config: { rooms: ["settings", "core/text", "errors"], packages: ["smol-toml"] },
  settings: { rooms: ["core/host", "core/labels", "core/text"], packages: ["zod"] },
  ports: {
    rooms: ["core/decision", "core/events", "core/history", "core/host", "core/model", "core/registry"],
    packages: [],
  },

  "core/registry": { rooms: ["core/decision", "core/model", "core/text"], packages: ["zod"] },
  "core/decision": { rooms: ["core/labels", "core/host", "core/model", "core/memo", "core/text"], packages: [] },
  "core/labels": { rooms: ["core/host", "core/model", "core/memo", "core/text"], packages: ["zod"] },
  "core/view": { rooms: ["core/host", "core/memo", "core/model", "core/text"], packages: [] },
  "core/doctor": { rooms: [], packages: [] },
  "core/fleet": { rooms: ["core/events", "core/host", "core/text", "errors"], packages: ["zod"] },
  "core/events": { rooms: [], packages: [] },
  "core/history": { rooms: ["core/model"], packages: ["diff", "zod"] },
  "core/host": { rooms: ["core/model", "core/text", "errors"], packages: ["ipaddr.js", "zod"] },
  "core/model": { rooms: ["core/memo", "core/text"], packages: ["zod"] },
  "core/page": {
    rooms: ["core/decision", "core/events", "core/history", "core/model", "core/registry", "core/view"],
    packages: [],
  },
  "core/memo": { rooms: ["core/text"], packages: [] },
  "core/text": { rooms: [], packages: [] },
  browser: { rooms: ["edges/page"], packages: [] },
  flow: { rooms: [], packages: ["node:events"] },
  version: { rooms: [], packages: ["node:*"] },
  package: { rooms: [], packages: ["node:*"] },
  errors: { rooms: [], packages: [] },
};
