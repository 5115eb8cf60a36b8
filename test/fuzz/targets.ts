import fc from "fast-check";
import { resolveSettings } from "../../src/config.js";
import { parseConfdResource, parseResource } from "../../src/confd/resource.js";
import { resolveConfdSettings } from "../../src/confd/settings.js";
import { UNPROBED } from "../../src/core/decision/readiness.js";
import { readTargets } from "../../src/core/fleet/target.js";
import { readEngines } from "../../src/core/host/engines.js";
import { parseStoreUrl } from "../../src/core/host/store-url.js";
import { DIALECTS } from "../../src/core/labels/dialect.js";
import { parseInstance } from "../../src/core/model/instance.js";
import { snapshotOf } from "../../src/core/model/snapshot.js";
import { decide } from "../../src/core/registry/registration.js";
import { steeredServicesOf, steeringOf } from "../../src/core/view/steered-view.js";
import { servicesOf } from "../../src/core/view/view.js";
import { ConsulNames, pairSchema } from "../../src/edges/consul/listing.js";
import { containerOf, inspectAnswer } from "../../src/edges/docker/answers.js";
import { isOwnHost, isPlainHost } from "../../src/edges/status/asked-host.js";
import { carryOut } from "../../src/edges/status/orders.js";
import { JuteReader, Packets } from "../../src/edges/zookeeper/jute.js";
import * as zookeeper from "../../src/edges/zookeeper/requests.js";
import { HecdError } from "../../src/errors.js";
import { parseConfiguration, printConfiguration } from "../../src/haproxy/config/config.js";
import { modelOf } from "../../src/haproxy/config/model.js";
import { shownMapEntries } from "../../src/haproxy/maps/map-changes.js";
import { parseProcesses } from "../../src/haproxy/master/processes.js";
import { parseReloadReply } from "../../src/haproxy/master/reload-reply.js";
import { parseGreeting, runtimeReplyOf } from "../../src/haproxy/runtime/runtime-reply.js";
import { parseServersState } from "../../src/haproxy/runtime/server-state.js";
import { statisticsIn } from "../../src/haproxy/runtime/statistics.js";
import { compileGo } from "../../src/template/go-template.js";
import { readPattern } from "../../src/template/regexp/pattern.js";
import type { Orders } from "../../src/ports.js";
import { container, context } from "../support/containers.js";
import { garbled, mixed, shuffled } from "./garbled.js";

/** Something that reads what others have written: texts made by chance, and what reading one must never do but return. */
export interface FuzzTarget {
  readonly name: string;
  readonly texts: fc.Arbitrary<string>;
  /** Reads a text; throws for what is a fault of ours. */
  readonly read: (text: string) => void;
}

/** The errors that people are told of. */
function orToldOf(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof HecdError)) throw error;
  }
}

/** A packet that ends too soon, or is none of ZooKeeper's: what breaks a connection. */
function orTooShort(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof RangeError) && !(error instanceof Error && error.message === "what answers is no ZooKeeper"))
      throw error;
  }
}

/** What stands between blanks in a line of a configuration must not end the line or the word. */
function mustBeHarmless(value: unknown, where: string): void {
  if (typeof value === "string" && /[\p{Cc}\s]/u.test(value)) throw new Error(`${where} is ${JSON.stringify(value)}`);
}

const RECORD = JSON.stringify({
  service: "web",
  address: "10.0.0.1:80",
  container: { id: "a".repeat(64), name: "web1" },
  host: "h1",
  weight: 10,
  http: { host: "example.org", path: "/x" },
  check: { type: "http", path: "/", interval: "2s" },
  meta: { a: "b" },
});

const INSPECT = JSON.stringify({
  Id: "a".repeat(64),
  Name: "/web1",
  Created: "2026-01-02T03:04:05.000000000Z",
  State: { Status: "running", Running: true, Health: { Status: "healthy" }, StartedAt: "2026-01-02T03:04:05Z" },
  Config: { Image: "web", Labels: { "hecd.port": "80" }, Env: ["A=b"], ExposedPorts: { "80/tcp": {} }, StopTimeout: 5 },
  HostConfig: { NetworkMode: "bridge", PortBindings: { "80/tcp": [{ HostIp: "", HostPort: "8080" }] } },
  NetworkSettings: {
    Ports: { "80/tcp": [{ HostIp: "0.0.0.0", HostPort: "8080" }] },
    Networks: { a: { IPAddress: "1.2.3.4" } },
  },
});

const INFO = "Name: HAProxy\nVersion: 2.6.12\nPid: 12\n\n";
const STATE =
  "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change\n3 web 1 a 10.0.0.1 2 0 1 1 15 1 0 0 0 0 0 0 - 80 - 0 0 - - 0\n";
const STATISTICS = "# pxname,svname,qcur,scur,status,weight,\nweb,a,0,1,UP,1,\nweb,BACKEND,0,1,UP,1,\n";
const PROCESSES =
  "#<PID> <type> <reloads> <uptime> <version>\n12 master 0 [failed: 0] 0d00h00m05s 2.6.12\n13 worker 0 0d00h00m05s 2.6.12\n";

const RESOURCE =
  '[template]\nsrc = "a.tmpl"\ndest = "/tmp/a.cfg"\nkeys = ["/a"]\nmode = "0644"\ndebounce = "5s"\n[haproxy]\nsocket = "/run/h.sock"\nreload = "master:/run/m.sock"\n';
const TOML =
  "nodes = [\"a\", \"b\"]\ninterval = 5\nwatch = true\ndebounce = \"1s\"\ncheck_cmd_timeout = 1e3\nprefix = '''x'''\n";
const CONFIGURATION =
  'global\n  stats socket /h.sock mode 660\ndefaults d\n  mode http\nfrontend f from d\n  bind :80,:81 ssl crt "/a b"\n  use_backend %[req.hdr(host),map(/m,b)]\nbackend web\n  default-server check inter 2s\n  server a 10.0.0.1:80 weight 10 # c\n  server-template s 1-3 x:80\n';

const TEMPLATE =
  '{{range $i, $k := gets "/a/*"}}{{if $i}},{{end}}{{base .Key}}={{.Value | printf "%q"}}{{else}}none{{end}}{{define "x"}}{{.}}{{end}}{{template "x" (json "{\\"a\\":1}").a}}';
const CODE = [
  ...[
    "{{",
    "}}",
    "{{-",
    "-}}",
    "(",
    ")",
    "|",
    " ",
    ".",
    "$",
    "$x",
    ":=",
    "=",
    ",",
    '"a"',
    "`b`",
    "'c'",
    "1",
    "1e9",
    "-1",
    "nil",
  ],
  ...["range ", "if ", "with ", "end", "else", "define ", "template ", "block ", "break", "continue", "/*", "*/", "\n"],
  ...[
    "seq 1 3",
    "printf ",
    '"%[1]*d"',
    "index ",
    "slice ",
    "len ",
    "regexMatch ",
    '"(a*)b"',
    "repeat 3 ",
    "json ",
    ".Key",
    "eq ",
  ],
  ...[
    "call ",
    "and ",
    "or ",
    "not ",
    "html ",
    "replace ",
    "split ",
    "list 1",
    "dict ",
    "atoi ",
    "datetime",
    "include ",
  ],
];

const KEYS = [
  "/app/web/a",
  "/app/web/a/b",
  "/hecd/v1/services/web/h1.a",
  "/hecd/v1/x",
  "/services/web/h:a:80",
  "/",
  "",
  "a",
];

const STEERING_KEYS = [
  "only",
  "only-before",
  "maintenance",
  "share/blue",
  "weight/web1",
  "backup/web1",
  "x",
  "share/",
  "weight/web1:10.0.0.1:80",
];

/** An answer of ZooKeeper's to each of our questions: data, names, and the ends of several changes. */
const ANSWERS = [
  "\0\0\0\u0003abc",
  "\0\0\0\u0002\0\0\0\u0001a\0\0\0\u0001b",
  "\0\0\0\u000f\0\0\0\0\0",
  "\u007f\u00ff\u00ff\u00ff",
  "\0".repeat(80),
].join("");
const QUESTIONS = [
  zookeeper.getData("/a"),
  zookeeper.getChildren("/a"),
  zookeeper.getEphemerals(),
  zookeeper.multi([]),
];

const PAIRS = JSON.stringify([
  { Key: "app/web/a", Value: "MTAuMC4wLjE6ODA=", ModifyIndex: 12, Session: "adf4238a-882b-9ddc-4a9d-5b6758e4159e" },
  { Key: "app/web/", Value: null, ModifyIndex: 13 },
]);

const ENGINES = { advertise: undefined, hostId: undefined, names: { hostname: "here", inContainer: false } };
const ORDERS: Orders = {
  drain: () => "drained",
  undrain: () => "undrained",
  drainService: () => "in maintenance",
  undrainService: () => "in service",
};
const HEAD = "POST /services/web/drain\n127.0.0.1:9180\ndrain\nBearer 0123456789abcdef\n0";

/** What is fuzzed. */
export const TARGETS: readonly FuzzTarget[] = [
  {
    name: "values of etcd",
    texts: fc.oneof(mixed(RECORD), mixed("10.0.0.1:80"), mixed("[::1]:80"), fc.json()),
    read(text) {
      parseInstance(text);
      const services = servicesOf(
        snapshotOf(
          1n,
          KEYS.map((key) => [key, text] as const),
        ),
      ).services;
      for (const { name, servers } of services) {
        mustBeHarmless(name, "the name of a service");
        for (const server of servers) {
          for (const field of ["name", "addr", "ip", "scheme", "sendProxy", "cookie"] as const)
            mustBeHarmless(server[field], field);
        }
      }
    },
  },
  {
    name: "steering",
    texts: fc.oneof(mixed("blue"), mixed("true"), mixed("12.5"), mixed("256"), mixed("*"), garbled()),
    read(text) {
      const steering = [...STEERING_KEYS, text].map((key) => [`/hecd/v1/steering/web/${key}`, text] as const);
      const servers = ["web1", "web2"].map((name) => [`/app/web/${name}`, "10.0.0.1:80"] as const);
      const view = steeredServicesOf(snapshotOf(1n, [...steering, ...servers, [text, text]]));
      steeringOf(view);
      for (const service of view.services)
        for (const server of service.servers) mustBeHarmless(server.name, "the name of a server");
    },
  },
  {
    name: "answers of other stores",
    texts: fc.oneof(mixed(ANSWERS), mixed(PAIRS), fc.json(), fc.string({ unit: "binary", maxLength: 200 })),
    read(text) {
      const bytes = Buffer.from(text, "latin1");
      for (const question of QUESTIONS) orTooShort(() => void question.read(new JuteReader(bytes)));
      const length = Buffer.alloc(4);
      length.writeInt32BE(bytes.length);
      const packets = new Packets();
      for (const part of [length, bytes.subarray(0, 3), bytes.subarray(3)]) packets.take(part);
      orTooShort(() => void new Packets().take(bytes));
      let json: unknown;
      try {
        json = JSON.parse(text);
      } catch {
        return; // as Consul's answer is taken apart
      }
      const pairs = pairSchema.array().safeParse(json);
      for (const pair of pairs.data ?? []) new ConsulNames("/below").read(pair);
    },
  },
  {
    name: "addresses",
    texts: fc.oneof(
      mixed("web@tcp://10.0.0.[1-5]:2376"),
      mixed("tcp://node[01-12].example.org:2376?advertise=10.0.0.1&host-id=a"),
      mixed("redis://10.0.0.3:6379/1"),
      mixed("nodes://10.0.0.[1-9]:8080?prefix=/app/x"),
    ),
    read(text) {
      orToldOf(() => readTargets([text], "haproxy"));
      orToldOf(() => readEngines([text], ENGINES));
      parseStoreUrl(text);
    },
  },
  {
    name: "requests",
    texts: mixed(HEAD),
    read(text) {
      const [line = "", host = "", order = "", authorization = "", length = ""] = text.split("\n");
      const [, path = ""] = line.split(" ");
      const headers = { host, "x-hecd-order": order, authorization, "content-length": length };
      isPlainHost(host);
      isOwnHost(host, "here");
      carryOut({ path, headers }, ORDERS, (given) => given === "0123456789abcdef");
    },
  },
  {
    name: "labels",
    texts: mixed(
      "hecd.port=80\nhecd.http.host=a.org\nhecd.check.interval=5s\nSERVICE_80_NAME=web\ntraefik.http.routers.a.rule=Host(`a`)\neasyhaproxy.http.host=a\ncom.github.nginx-proxy.nginx-proxy.keepalive=3",
    ),
    read(text) {
      const labels = Object.fromEntries(
        text.split("\n").map((line) => [line.split("=")[0] ?? "", line.slice(line.indexOf("=") + 1)] as const),
      );
      const one = container("web1", { labels });
      decide([one], { ...context, compat: DIALECTS }, () => UNPROBED);
    },
  },
  {
    name: "descriptions of containers",
    texts: fc.oneof(mixed(INSPECT), fc.json({ maxDepth: 4 }), shuffled(INSPECT)),
    read(text) {
      let json: unknown;
      try {
        json = JSON.parse(text);
      } catch {
        return; // as the engine's answer is taken apart
      }
      const answer = inspectAnswer.safeParse(json);
      if (answer.success) containerOf(answer.data, "docker");
    },
  },
  {
    name: "answers of HAProxy",
    texts: fc.oneof(
      mixed(INFO + STATE),
      mixed(STATISTICS),
      mixed(PROCESSES),
      mixed("Success=1\n--\nLoading"),
      mixed(INFO),
    ),
    read(text) {
      const greeting = parseGreeting(text);
      if (greeting) runtimeReplyOf(greeting);
      parseServersState(text.split("\n"));
      statisticsIn(text);
      parseProcesses(text);
      parseReloadReply(text);
      shownMapEntries(text, "map");
    },
  },
  {
    name: "TOML",
    texts: fc.oneof(mixed(RESOURCE), mixed(TOML)),
    read(text) {
      parseResource("a.toml", text);
      for (const compat of ["classic", "fork"] as const) {
        const defaults = {
          compat,
          prefix: "",
          syncOnly: false,
          checkWithinMs: 1,
          reloadWithinMs: 1,
          settle: { quietMs: 0, maxWaitMs: 0 },
        };
        parseConfdResource("a.toml", text, defaults);
        resolveConfdSettings({ given: new Map(), env: {}, file: text, compat });
      }
      orToldOf(() => resolveSettings({ flags: {}, env: {}, file: { path: "hecd.toml", text } }));
    },
  },
  {
    name: "Go templates",
    texts: fc.oneof(
      mixed(TEMPLATE),
      fc.string({ unit: fc.constantFrom(...CODE), maxLength: 14 }).map((code) => `{{${code}}}`),
      fc.string({ unit: fc.constantFrom(...CODE), maxLength: 24 }),
    ),
    read(text) {
      orToldOf(() => {
        const input = {
          snapshot: snapshotOf(1n, [
            ["/a/b", "c\n\u0000\u{1f600}"],
            ["/a/c", "{}"],
          ]),
          prefix: "/",
          env: {},
        };
        compileGo("t", text, readPattern).render(input);
      });
    },
  },
  {
    name: "configurations",
    texts: fc.oneof(mixed(CONFIGURATION), garbled()),
    read(text) {
      const printed = printConfiguration(parseConfiguration(text));
      if (printConfiguration(parseConfiguration(printed)) !== printed) throw new Error("printing is not steady");
      modelOf(text);
    },
  },
];
