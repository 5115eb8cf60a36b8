import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { Agent, createServer, get, type Server } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Etcd3 } from "etcd3";
import { startEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { HAPROXY } from "../support/haproxy-binary.js";
import { Hecd } from "../support/hecd.js";
import { startHaproxy } from "../support/live-haproxy.js";
import { uncheckedSite } from "../support/unchecked-site.js";

/** What other services meet while many keys are written into one backend. Times in milliseconds. */
export interface ManyKeys {
  /** From each change of another service, written to etcd, until a request is answered by its new server. */
  readonly latenciesMs: readonly number[];
  /** From the first of the many keys until the last is acknowledged. */
  readonly writtenMs: number;
  /** From the first of them until the file has all and HAProxy agrees with it. */
  readonly allInMs: number;
  /** Requests of other services that were not answered by a server of theirs. */
  readonly failures: readonly string[];
  readonly reloads: number;
  /** What the renderer has logged. */
  readonly log: string;
}

const SERVICES = 10;
const CHANGE_EVERY_MS = 200;

/** A site of its own: what takes its time is the backend `bulk`, whose servers nobody asks and nothing checks. */
const TEMPLATE = uncheckedSite("use_backend %[path,field(2,/)]");

/** Writes so many keys into one backend while ten other services have a new server every 200 ms each. */
export async function manyKeys(count: number, withinMs: number): Promise<ManyKeys> {
  await using etcd = await startEtcd();
  await using haproxy = await startHaproxy();
  const socket = join(haproxy.directory, "admin.sock");
  const confdir = join(haproxy.directory, "confdir");
  await mkdir(join(confdir, "conf.d"), { recursive: true });
  await mkdir(join(confdir, "templates"), { recursive: true });
  await writeFile(join(confdir, "templates/site.hbs"), TEMPLATE);
  await writeFile(
    join(confdir, "conf.d/site.toml"),
    `[template]
src = "site.hbs"
dest = "${haproxy.configPath}"
keys = ["/app"]
[haproxy]
socket = "${socket}"
reload = "master:${haproxy.masterSocket}"
`,
  );
  const client = new Etcd3({ hosts: etcd.endpoint });
  const answering = await everywhere();
  const others = Array.from(
    { length: SERVICES },
    (_, number) => new Other(number, client, answering.port, haproxy.port),
  );
  for (const other of others) await other.change();
  await client.put("/app/bulk/k0").value(addressOf(0));
  const statusPort = await freePort();
  const env = { HECD_HAPROXY: HAPROXY, HECD_HAPROXY_SOCKET: socket, HECD_HTTP_BIND: `127.0.0.1:${haproxy.port}` };
  await using renderer = new Hecd(
    ["render", "--etcd", etcd.endpoint, "--confdir", confdir, "--listen", `127.0.0.1:${statusPort}`],
    env,
  );
  const stop = new AbortController();
  try {
    await Promise.all(others.map((other) => eventually("the first answer", () => other.isServed(), 20_000)));
    const reloads = await haproxy.reloads();
    const work = others.flatMap((other) => [other.keepChanging(stop.signal), other.keepAsking(stop.signal)]);
    await delay(2_000); // a floor to compare with
    const begunAt = performance.now();
    await etcd.writeMany(
      Array.from({ length: count - 1 }, (_, index) => [`/app/bulk/k${index + 1}`, addressOf(index + 1)] as const),
    );
    const writtenMs = performance.now() - begunAt;
    await eventually(
      "all keys in the file, and HAProxy agreeing",
      async () => {
        const rows = (await readFile(haproxy.configPath, "utf8")).match(/ 127\.1\.\d+\.\d+:9$/gm)?.length ?? 0;
        return rows === count && (await agrees(statusPort));
      },
      withinMs,
      500,
    ).catch((error: unknown) => {
      throw new Error(renderer.log.slice(-3_000), { cause: error });
    });
    const allInMs = performance.now() - begunAt;
    stop.abort();
    await Promise.all(work);
    return {
      latenciesMs: others.flatMap(({ latenciesMs }) => latenciesMs),
      writtenMs,
      allInMs,
      failures: others.flatMap(({ failures }) => failures),
      reloads: (await haproxy.reloads()) - reloads,
      log: renderer.log,
    };
  } finally {
    stop.abort();
    client.close();
    answering.server.closeAllConnections();
    answering.server.close();
  }
}

/** Another service, of one server that is replaced by the next one again and again. */
class Other {
  readonly latenciesMs: number[] = [];
  readonly failures: string[] = [];
  readonly #number: number;
  readonly #etcd: Etcd3;
  readonly #serverPort: number;
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  /** The number of the server that was written last, and when each was that no request has been answered by yet. */
  #written = 0;
  readonly #waiting = new Map<number, number>();

  constructor(number: number, etcd: Etcd3, serverPort: number, port: number) {
    this.#number = number;
    this.#etcd = etcd;
    this.#serverPort = serverPort;
    this.#port = port;
  }

  async change(): Promise<void> {
    const next = ++this.#written;
    const address = `127.${100 + this.#number}.${next >> 8}.${next & 255}`;
    const keyOf = (server: number): string => `/app/other${this.#number}/s${server}`;
    this.#waiting.set(next, performance.now());
    await this.#etcd
      .if("/never", "Create", "==", 0)
      .then(
        this.#etcd.put(keyOf(next)).value(`${address}:${this.#serverPort}`),
        this.#etcd.delete().key(keyOf(next - 1)),
      )
      .commit();
  }

  async keepChanging(signal: AbortSignal): Promise<void> {
    await delay(this.#number * (CHANGE_EVERY_MS / SERVICES));
    while (!signal.aborted) {
      await this.change();
      await delay(CHANGE_EVERY_MS);
    }
  }

  /** Asks until all changes are in. */
  async keepAsking(signal: AbortSignal): Promise<void> {
    while (!signal.aborted || this.#waiting.size > 0) {
      await this.isServed().catch((error: unknown) => {
        this.failures.push(String(error));
      });
      await delay(10);
    }
    this.#agent.destroy();
  }

  /** Whether the server that was written last answers by now. */
  async isServed(): Promise<boolean> {
    const { status, body } = await request(this.#port, `/other${this.#number}/`, this.#agent);
    if (status !== 200) throw new Error(`${status} of /other${this.#number}`);
    const [, , high = 0, low = 0] = body.split(".").map(Number);
    const served = high * 256 + low;
    for (const [server, since] of this.#waiting) {
      if (server > served) continue;
      this.latenciesMs.push(performance.now() - since);
      this.#waiting.delete(server);
    }
    return this.#waiting.size === 0;
  }
}

function request(
  port: number,
  path: string,
  agent: Agent,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const asked = get({ host: "127.0.0.1", port, path, agent, timeout: 10_000 }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.once("error", reject);
      response.once("end", () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    });
    asked.once("timeout", () => asked.destroy(new Error("no answer in 10 s")));
    asked.once("error", reject);
  });
}

/** A server at every address of the loopback network, which answers with the one that was asked. */
async function everywhere(): Promise<{ readonly server: Server; readonly port: number }> {
  const port = await freePort();
  const server = createServer((asked, response) => {
    response.end(asked.socket.localAddress);
  });
  server.keepAliveTimeout = 60_000;
  await once(server.listen(port, "0.0.0.0"), "listening");
  return { server, port };
}

/** Nobody listens there, and nobody asks. */
function addressOf(number: number): string {
  return `127.1.${number >> 8}.${number & 255}:9`;
}

/** Whether the renderer says that HAProxy runs what its file says. */
async function agrees(statusPort: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${statusPort}/state`);
  const { state } = (await response.json()) as { state: { resources: { haproxy?: { agrees?: boolean } }[] } };
  return state.resources.every(({ haproxy }) => haproxy?.agrees === true);
}
