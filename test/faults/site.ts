import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { must } from "../../tools/machine/program.mjs";
import { askSocket } from "../../src/edges/haproxy/socket.js";
import { DockerCli, PrivateDocker } from "../support/docker.js";
import { startCluster, type TestEtcd } from "../support/etcd.js";
import { freePort } from "../support/free-port.js";
import { HAPROXY } from "../support/haproxy-binary.js";
import { Hecd } from "../support/hecd.js";
import { type LiveHaproxy, startHaproxy } from "../support/live-haproxy.js";
import { required } from "../support/required.js";
import { TcpProxy } from "../support/tcp-proxy.js";
import { tempDir } from "../support/temp-dir.js";
import { Link } from "./link.js";

const TEMPLATES = fileURLToPath(new URL("../../templates", import.meta.url));

/** What a member of etcd takes before it says that it is full; the disk of HAProxy's file takes less. */
const [QUOTA_BYTES, DISK_BYTES] = [32 * 1024 * 1024, 4 * 1024 * 1024];

/** The services that clients ask for, each by a path of its name. Nobody touches the containers of `steady`. */
export const SERVICES = ["steady", "moving"] as const;

/** A web server that is told to stop takes no more requests, and answers those that it has: httpd's children go on. */
const ENDS_IN_ORDER =
  "hostname >/www/index.html; trap 'kill $!; sleep 0.2; exit 0' TERM INT; httpd -f -p 8080 -h /www & wait";

/** A Docker host. */
export interface Host {
  readonly name: string;
  readonly docker: DockerCli;
  /** Where its containers are reached. */
  readonly address: string;
}

/** A daemon of ours, alone at the far end of a link: `host1` and `host2` for their agents, and `renderer`. */
interface Place {
  readonly link: Link;
  readonly args: readonly string[];
  daemon: Hecd | undefined;
}

/** What a site is made of. */
interface Parts {
  readonly etcd: readonly TestEtcd[];
  readonly haproxy: LiveHaproxy;
  /** The folder of the renderer's resource and template, and of HAProxy's socket; HAProxy's own is on a small disk. */
  readonly desk: string;
  /** The engine of `host2`. */
  readonly engine: PrivateDocker;
  readonly hosts: readonly Host[];
  readonly places: ReadonlyMap<string, Place>;
  readonly env: Readonly<Record<string, string>>;
  readonly statusAddress: string;
}

/**
 * Two Docker hosts with an agent each, three members of etcd, a renderer and HAProxy. Each daemon of ours is in a network
 * namespace of its own. The engine of `host2` can be struck; that of `host1` is the run's.
 */
export class FaultSite implements AsyncDisposable {
  readonly parts: Parts;
  readonly #owned: readonly AsyncDisposable[];
  #made = 0;

  private constructor(parts: Parts, owned: readonly AsyncDisposable[]) {
    this.parts = parts;
    this.#owned = owned;
  }

  static async start(): Promise<FaultSite> {
    const owned: AsyncDisposable[] = [];
    const own = <T extends AsyncDisposable>(part: T): T => {
      owned.push(part);
      return part;
    };
    try {
      const site = new FaultSite(await makeParts(own), owned);
      const [first, second] = site.parts.hosts;
      for (const service of ["steady", "moving", "moving"]) await site.run(required(first, "host"), service);
      await site.run(required(second, "host"), "steady");
      for (const name of site.parts.places.keys()) site.startDaemon(name);
      return site;
    } catch (error) {
      await disposeAll(owned);
      throw error;
    }
  }

  get port(): number {
    return this.parts.haproxy.port;
  }

  get template(): string {
    return join(this.parts.desk, "templates/haproxy.cfg.hbs");
  }

  link(name: string): Link {
    return this.#place(name).link;
  }

  daemon(name: string): Hecd {
    return required(this.#place(name).daemon, `daemon ${name}`);
  }

  startDaemon(name: string): void {
    const place = this.#place(name);
    place.daemon = new Hecd(place.args, this.parts.env, undefined, place.link.launcher);
  }

  /** Kills a daemon, and resolves when it has ended. */
  async killDaemon(name: string): Promise<void> {
    await this.daemon(name)[Symbol.asyncDispose]();
  }

  /** Starts a container of a service, and resolves to its name. */
  async run({ docker, name: host }: Host, service: string): Promise<string> {
    const name = `fault-${process.pid}-${++this.#made}`;
    const route = [`hecd.http.path=/${service}`, `hecd.http.strip=/${service}`];
    const labels = [`hecd.service=${service}`, `hecd.namespace=${NAMESPACE}`, ...route];
    const flags = [...labels.flatMap((label) => ["--label", label]), "--hostname", name];
    await docker.script(name, ENDS_IN_ORDER, ...flags, ...(host === "host2" ? ["--restart", "always"] : []));
    return name;
  }

  /** The containers of a service that run on all hosts, or on these, with their addresses. */
  async running(service: string, hosts = this.parts.hosts): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (const { docker, address } of hosts) {
      const filters = ["--filter", `label=hecd.service=${service}`, "--filter", `label=hecd.namespace=${NAMESPACE}`];
      const names = await docker.run("ps", ...filters, "--format", "{{.Names}}");
      for (const name of names.split("\n").filter((line) => line !== "")) {
        found.set(name, `${address}:${await docker.port(name)}`);
      }
    }
    return found;
  }

  /** What HAProxy answers on its runtime API; undefined when nobody is there. */
  async ask(question: string): Promise<string | undefined> {
    return askSocket(this.parts.env["HECD_HAPROXY_SOCKET"] ?? "", question, new AbortController().signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { daemon } of this.parts.places.values()) await daemon?.[Symbol.asyncDispose]();
    await disposeAll(this.#owned);
  }

  #place(name: string): Place {
    return required(this.parts.places.get(name), name);
  }
}

/** Keeps the containers of others on the same engine apart. */
const NAMESPACE = `faults-${process.pid}`;

async function makeParts(own: <T extends AsyncDisposable>(part: T) => T): Promise<Parts> {
  const engine = own(await PrivateDocker.start());
  const etcd = await startCluster(3, ["--quota-backend-bytes", String(QUOTA_BYTES)]);
  etcd.forEach(own);
  const haproxy = own(await startHaproxy(undefined, HAPROXY, await makeDisk()));
  const desk = own(await tempDir()).path;
  const hosts: Host[] = [];
  for (const url of [undefined, engine.url]) {
    const docker = own(new DockerCli(url));
    const address = url === undefined ? await docker.bridgeAddress() : engine.address;
    hosts.push({ name: `host${hosts.length + 1}`, docker, address });
  }
  const places = new Map<string, Place>();
  for (const name of ["host1", "host2", "renderer"]) {
    const link = own(await Link.make(places.size));
    const doors = await Promise.all(etcd.map(({ port }) => TcpProxy.open(port, link.near)));
    doors.forEach(own);
    const host = hosts.find((each) => each.name === name);
    const store = ["--etcd", doors.map(({ endpoint }) => endpoint).join(",")];
    const args = host
      ? agentArgs(host, own(await tempDir()).path)
      : ["render", "--confdir", desk, "--listen", `${link.far}:${STATUS_PORT}`];
    places.set(name, { link, args: [...args, ...store], daemon: undefined });
  }
  const env = {
    HECD_HTTP_BIND: `127.0.0.1:${haproxy.port}`,
    HECD_STATS_BIND: `127.0.0.1:${await freePort()}`,
    HECD_HAPROXY: HAPROXY,
    HECD_HAPROXY_SOCKET: join(desk, "admin.sock"),
  };
  const statusAddress = `${required(places.get("renderer"), "renderer").link.far}:${STATUS_PORT}`;
  await layOut(haproxy, desk);
  return { etcd, haproxy, desk, engine, hosts, places, env, statusAddress };
}

/** Where the renderer serves its status, in a namespace of its own. */
const STATUS_PORT = 9181;

function agentArgs({ docker, name, address }: Host, state: string): readonly string[] {
  const where = ["--docker", docker.url, "--host-id", name, "--advertise", address, "--namespace", NAMESPACE];
  return ["agent", ...where, "--ttl", "5s", "--listen", "off", "--state-dir", state];
}

async function layOut({ configPath, masterSocket }: LiveHaproxy, desk: string): Promise<void> {
  await mkdir(join(desk, "conf.d"));
  await cp(TEMPLATES, join(desk, "templates"), { recursive: true });
  const resource = `[template]
src = "haproxy.cfg.hbs"
dest = "${configPath}"
keys = ["/app", "/hecd/v1/services"]

[haproxy]
socket = "${join(desk, "admin.sock")}"
reload = "master:${masterSocket}"
`;
  await writeFile(join(desk, "conf.d/haproxy.toml"), resource);
}

/** A disk of its own, small enough to be filled. */
async function makeDisk(): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await tempDir();
  await must("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "none", folder.path]);
  return {
    path: folder.path,
    async [Symbol.asyncDispose]() {
      await must("umount", ["-l", folder.path]);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The last one first. */
async function disposeAll(parts: readonly AsyncDisposable[]): Promise<void> {
  for (const part of [...parts].reverse()) await part[Symbol.asyncDispose]();
}
