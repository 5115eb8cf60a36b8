import { request as httpRequest } from "node:http";
import { expect, test } from "vitest";
import { capabilitiesOf } from "../../src/haproxy/runtime/capabilities.js";
import { makeCertificates } from "../support/certificates.js";
import { eventually } from "../support/eventually.js";
import { type RecordingUpstream, RecordingUpstreams } from "../support/recording-upstream.js";
import { matched, required } from "../support/required.js";
import { RuntimeWorld } from "../support/runtime-world.js";
import { tempDir } from "../support/temp-dir.js";

const TLS = "ssl verify none";
const TLS_1_2 = `${TLS} ssl-max-ver TLSv1.2`;

/** What is tried of each word, after `check` where its checks can be seen; CHECKED is the port of an upstream of its own. */
const CASES: Readonly<Record<string, readonly string[]>> = {
  addr: ["check addr 127.0.0.1", `check ${TLS} addr 127.0.0.1`, "check send-proxy addr 127.0.0.1"],
  "allow-0rtt": [`check ${TLS} allow-0rtt`],
  alpn: [`check ${TLS} alpn h2,http/1.1 check-alpn h2`, `check ${TLS} alpn http/1.1`],
  backup: ["check backup"],
  "ca-file": ["check ssl verify required ca-file AUTHORITY sni str(engine) check-sni engine"],
  check: ["", "check", "check disabled"],
  "check-alpn": [`check ${TLS} check-alpn http/1.1`],
  "check-proto": ["check check-proto h2"],
  "check-send-proxy": ["check check-send-proxy", "check check-send-proxy port CHECKED"],
  "check-sni": [`check ${TLS} check-sni checked.example`],
  "check-ssl": [`check ${TLS} check-ssl port CHECKED`, "check verify none check-ssl"],
  ciphers: [`check ${TLS_1_2} ciphers ECDHE-ECDSA-AES128-GCM-SHA256`],
  ciphersuites: [`check ${TLS} ciphersuites TLS_AES_128_GCM_SHA256`],
  cookie: ["check cookie theirs"],
  downinter: ["check downinter 300ms"],
  "error-limit": ["check inter 2s observe layer7 error-limit 2 on-error mark-down"],
  fall: ["check fall 3"],
  fastinter: ["check fastinter 300ms fall 2"],
  "idle-ping": ["check proto h2 idle-ping 500ms"],
  "init-state": ["check init-state up", "check init-state fully-up"],
  inter: ["check inter 1500ms"],
  maxconn: ["check maxconn 2", "check maxconn 2 maxqueue 1"],
  maxqueue: ["check maxconn 1 maxqueue 3"],
  minconn: ["check minconn 2", "check minconn 1 maxconn 3"],
  "no-check-ssl": [`check ${TLS} no-check-ssl`],
  "no-ssl-reuse": [`check ${TLS} no-ssl-reuse pool-max-conn 0`],
  "no-tls-tickets": [`check ${TLS_1_2} no-tls-tickets pool-max-conn 0`],
  observe: ["check inter 2s fall 4 observe layer7", "check inter 2s observe layer4"],
  "on-error": [
    "check inter 2s observe layer7 on-error mark-down",
    "check inter 2s fall 4 observe layer7 on-error fail-check",
  ],
  "on-marked-down": ["check on-marked-down shutdown-sessions"],
  "on-marked-up": ["check on-marked-up shutdown-backup-sessions"],
  "pool-low-conn": ["check pool-low-conn 2"],
  "pool-max-conn": ["check pool-max-conn 0", "check pool-max-conn 1"],
  "pool-purge-delay": ["check pool-purge-delay 0", "check pool-purge-delay 100ms"],
  port: ["check port CHECKED", `check ${TLS} port CHECKED`],
  proto: ["check proto h2", "check proto h1"],
  rise: ["check rise 3"],
  "send-proxy": ["check send-proxy", `check ${TLS} send-proxy`],
  "send-proxy-v2": ["check send-proxy-v2"],
  "send-proxy-v2-ssl": [`check ${TLS} send-proxy-v2-ssl`],
  "send-proxy-v2-ssl-cn": ["check send-proxy-v2-ssl-cn"],
  slowstart: ["check slowstart 1s"],
  sni: [`check ${TLS} sni str(served.example)`],
  ssl: [`check ${TLS}`, TLS],
  "ssl-max-ver": [`check ${TLS_1_2}`],
  "ssl-min-ver": [`check ${TLS} ssl-min-ver TLSv1.3`],
  tfo: ["check tfo"],
  "tls-tickets": [`check ${TLS_1_2} tls-tickets pool-max-conn 0`],
  verify: [`check ${TLS}`],
  verifyhost: [`check ${TLS} verifyhost other.example`],
  weight: ["check weight 0", "check weight 77"],
  ws: [`check ${TLS} ws h1`],
};

/** Of a row of statistics: what does not depend on the moment. */
const FIELDS = [
  ...["status", "weight", "act", "bck", "check_status", "check_rise", "check_fall", "check_health"],
  ...["slim", "qlimit", "throttle", "cookie", "mode", "agent_status"],
];
/** And what counts up; whether it does, since a check in between begins the count of errors anew. */
const COUNTS = ["hanafail", "chkdown"];

/** One server with the upstreams behind it. */
interface Side {
  readonly backend: string;
  readonly line: string;
  readonly upstream: RecordingUpstream;
  readonly checked: RecordingUpstream;
}

interface Pair {
  readonly words: string;
  readonly file: Side;
  readonly added: Side;
}

test(
  "a server added at run time is what its line in a file makes of it, word by word",
  { timeout: 180_000 },
  async () => {
    await using folder = await tempDir();
    await makeCertificates(folder.path);
    await using upstreams = new RecordingUpstreams(folder.path);
    let socket = "";
    let port = 0;
    await using world = await RuntimeWorld.start((given, path) => {
      [port, socket] = [given, path];
      return textOf([], port, socket);
    });
    const version = matched(/^Version: (\S+)/m, await world.ask("show info"), "version");
    const { serverWords } = capabilitiesOf(version);
    expect(Object.keys(CASES)).toEqual(expect.arrayContaining([...serverWords.keys()]));

    const sideOf = async (backend: string, words: string): Promise<Side> => {
      const upstream = await upstreams.start();
      const checked = words.includes("CHECKED") ? await upstreams.start() : upstream;
      const line = `server s 127.0.0.1:${upstream.port} ${words.replace("CHECKED", String(checked.port)).replace("AUTHORITY", `${folder.path}/ca.pem`)}`;
      return { backend, line, upstream, checked };
    };
    const pairs: Pair[] = [];
    for (const words of new Set([...serverWords.keys()].flatMap((word) => CASES[word] ?? []))) {
      const isTaken = words.split(" ").every((word) => !(word in CASES) || serverWords.has(word));
      if (!isTaken) continue;
      const [file, added] = [await sideOf(`file-${pairs.length}`, words), await sideOf(`added-${pairs.length}`, words)];
      pairs.push({ words, file, added });
    }

    const begun = textOf(pairs.map((pair) => [pair.file, { ...pair.added, line: "" }]).flat(), port, socket);
    expect((await world.apply(begun)).kind).toBe("applied");
    world.take("reload-needed");
    const reloads = await world.haproxy.reloads();
    expect(
      (
        await world.apply(
          textOf(
            pairs.flatMap(({ file, added }) => [file, added]),
            port,
            socket,
          ),
        )
      ).kind,
    ).toBe("applied");
    expect(world.take("reload-needed")).toEqual([]);
    expect(await world.haproxy.reloads()).toBe(reloads);

    const compare = async (
      what: string,
      of: (side: Side, stats: Stats) => unknown,
      withinMs?: number,
    ): Promise<void> => {
      let differing: readonly string[] = [];
      await eventually(
        `${what}: the same`,
        async () => {
          const stats = await statsOf(world);
          differing = pairs.flatMap(({ words, file, added }) => {
            const [a, b] = [JSON.stringify(of(file, stats)), JSON.stringify(of(added, stats))];
            return a === b ? [] : [`${words}: ${a} from the file, ${b} added`];
          });
          if (differing.length > 0) throw new Error(differing.join("\n"));
          return true;
        },
        withinMs,
        100,
      );
    };
    /** What has happened until then, in the numbers that count up. */
    let before: Stats = new Map();
    const fieldsOf = ({ backend }: Side, stats: Stats): unknown => {
      const row = required(stats.get(backend), backend);
      const told = FIELDS.map((field) => row[field]?.replace(/ \d+\/\d+$|^\* /g, ""));
      return [
        ...told,
        ...COUNTS.map((field) => Number(row[field]) > Number(before.get(backend)?.[field] ?? row[field])),
      ];
    };
    const sides = pairs.flatMap(({ file, added }) => [file, added]);
    const isChecked = ({ line }: Side): boolean => / check( |$)/.test(line) && !line.endsWith("disabled");

    // Checks have come to their end, and as they do from a file.
    await eventually("the checks of all", () => {
      const few = sides.filter((side) => isChecked(side) && side.checked.checkedAt.length < 3);
      if (few.length > 0) throw new Error(few.map(({ backend, line }) => `${backend} ${line}`).join("\n"));
      return true;
    });
    await compare("statistics after checks", fieldsOf);
    await compare("what checks send", ({ checked }) => [...checked.checks].sort());

    // Requests one after the other, then at once.
    const answers = new Map<Side, readonly string[]>();
    await forEachOf(sides, async (side) => {
      const got: string[] = [];
      for (let count = 0; count < 100; count++) got.push(await ask(port, side.backend, "/"));
      answers.set(side, [...new Set(got)]);
    });
    await compare("answers and persistence", (side) => answers.get(side));
    await compare("connections for 100 requests", ({ upstream }) => upstream.connections);
    await forEachOf(sides, async (side) => {
      const got = await Promise.all(Array.from({ length: 6 }, () => ask(port, side.backend, "/slow")));
      answers.set(side, got.sort());
    });
    await compare("answers to six at once", (side) => answers.get(side));
    // Of those that are not limited some may be over before the last begins; no limit is more than three.
    await compare("requests at once", ({ upstream }) => Math.min(upstream.most, 4));
    await compare("what requests bring along", ({ upstream }) => [...upstream.requests].sort());

    before = await statsOf(world);

    // Errors of the application, then checks that fail while a request is under way.
    const observed = sides.filter(({ line }) => line.includes("observe"));
    await forEachOf(observed, async (side) => {
      for (let count = 0; count < 30; count++) await ask(port, side.backend, "/error");
    });
    await compare("statistics after errors", fieldsOf);
    const held = new Map(sides.map((side) => [side, ask(port, side.backend, "/hold")]));
    for (const { checked } of sides) checked.isWell = false;
    await eventually(
      "the failure of all checks",
      async () => {
        const stats = await statsOf(world);
        return sides.filter(isChecked).every(({ backend }) => stats.get(backend)?.["status"] === "DOWN");
      },
      30_000,
    );
    await compare("statistics after failures", fieldsOf);
    for (const { upstream } of sides) upstream.letGo();
    for (const [side, answer] of held) answers.set(side, [await answer]);
    await compare("a request under way", (side) => answers.get(side));
    for (const { checked } of sides) checked.isWell = true;
    await compare("statistics after all is well again", fieldsOf, 15_000);
    console.log(`${pairs.length} pairs of servers on HAProxy ${version}`);
  },
);

function textOf(sides: readonly Pick<Side, "backend" | "line">[], port: number, socket: string): string {
  const backends = sides.map(
    ({ backend, line }) => `backend ${backend}
  option httpchk
  http-check send meth GET uri /check ver HTTP/1.1 hdr host www.example.org
  cookie SERVED insert indirect
  ${line}
`,
  );
  return `global
  nbthread 1
  stats socket ${socket} mode 600 level admin
defaults
  mode http
  balance roundrobin
  retries 0
  timeout connect 2s
  timeout client 20s
  timeout server 20s
  timeout queue 5s
  default-server inter 700ms rise 2 fall 2
  timeout check 5s
frontend web
  bind 127.0.0.1:${port}
  use_backend %[req.hdr(x-backend)]
${backends.join("")}`;
}

/** Some at a time, so that checks are answered meanwhile. */
async function forEachOf(sides: readonly Side[], act: (side: Side) => Promise<void>): Promise<void> {
  const rest = [...sides];
  const worker = async (): Promise<void> => {
    for (let side = rest.shift(); side; side = rest.shift()) await act(side);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

/** Rows of `show stat` by backend. */
type Stats = ReadonlyMap<string, Readonly<Record<string, string>>>;

async function statsOf(world: RuntimeWorld): Promise<Stats> {
  const [heading = "", ...rows] = (await world.ask("show stat -1 4 -1")).split("\n").filter(Boolean);
  const columns = heading.replace(/^# /, "").split(",");
  return new Map(
    rows.map((row) => {
      const fields = row.split(",");
      return [fields[0] ?? "", Object.fromEntries(columns.map((column, at) => [column, fields[at] ?? ""]))];
    }),
  );
}

/** Status and cookie of the answer, on a connection of its own. */
function ask(port: number, backend: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { "x-backend": backend, host: "www.example.org" };
    const request = httpRequest({ host: "127.0.0.1", port, path, headers, agent: false }, (response) => {
      response.resume();
      response.once("error", reject);
      response.once("end", () => {
        resolve(`${response.statusCode ?? 0} ${response.headers["set-cookie"]?.join() ?? ""}`.trim());
      });
    });
    request.once("error", (error) => {
      resolve(error.message);
    });
    request.end();
  });
}
