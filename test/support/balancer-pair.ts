import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { must, run } from "../../tools/machine/program.mjs";
import { eventually } from "./eventually.js";
import { HAPROXY } from "./haproxy-binary.js";
import { required } from "./required.js";

const DEPLOY = fileURLToPath(new URL("../../deploy/vrrp/", import.meta.url));

const PORT = 8080;

/** An HAProxy and a keepalived on what is to both a machine of its own, with an address beside the one that two share. */
class Balancer implements AsyncDisposable {
  readonly name: string;
  readonly #namespace: string;
  readonly #link: string;
  readonly #folder: string;
  readonly #children = new Map<"haproxy" | "keepalived", ChildProcess>();
  #log = "";

  private constructor(name: string, net: string, folder: string) {
    this.name = name;
    this.#namespace = `${net}${name}`;
    this.#link = `${net}${name}`;
    this.#folder = join(folder, name);
  }

  static async start(name: string, address: string, net: string, folder: string): Promise<Balancer> {
    const it = new Balancer(name, net, folder);
    await mkdir(it.#folder);
    await must("ip", ["netns", "add", it.#namespace]);
    await must("ip", ["link", "add", it.#link, "type", "veth", "peer", "name", "eth0", "netns", it.#namespace]);
    await must("ip", ["link", "set", it.#link, "master", net, "up"]);
    await it.#ip("link", "set", "lo", "up");
    await it.#ip("address", "add", `${address}/24`, "dev", "eth0");
    await it.#ip("link", "set", "eth0", "up");
    await writeFile(
      join(it.#folder, "haproxy.cfg"),
      `defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
listen stats
    bind 127.0.0.1:8404
    stats enable
    stats uri /admin-status
frontend web
    bind :${PORT}
    http-request return status 200 content-type text/plain string ${name}
`,
    );
    return it;
  }

  get log(): string {
    return this.#log;
  }

  startHaproxy(): void {
    this.#start("haproxy", [HAPROXY, "-db", "-f", join(this.#folder, "haproxy.cfg")]);
  }

  /** Kills it as a machine without memory does. */
  killHaproxy(): void {
    this.#children.get("haproxy")?.kill("SIGKILL");
  }

  async startKeepalived(config: string): Promise<void> {
    const path = join(this.#folder, "keepalived.conf");
    await writeFile(path, config);
    const pids = ["--pid", join(this.#folder, "pid"), "--vrrp_pid", join(this.#folder, "vrrp.pid")];
    this.#start("keepalived", ["keepalived", "--dont-fork", "--log-console", "--vrrp", "--use-file", path, ...pids]);
  }

  /** Takes it off the network, as if it had lost its power. */
  async cutOff(): Promise<void> {
    await must("ip", ["link", "set", this.#link, "down"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children.values()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    await run("ip", ["netns", "delete", this.#namespace]);
    await run("ip", ["link", "delete", this.#link]);
  }

  async #ip(...words: readonly string[]): Promise<void> {
    await must("ip", ["-n", this.#namespace, ...words]);
  }

  #start(what: "haproxy" | "keepalived", command: readonly string[]): void {
    const child = spawn("ip", ["netns", "exec", this.#namespace, ...command], { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (this.#log += String(chunk)));
    this.#children.set(what, child);
  }
}

/** A request to the shared address: when it was sent and by whom it was answered; by nobody where it has failed. */
export interface SharedRequest {
  readonly at: number;
  readonly by: string | undefined;
}

interface PairParts {
  readonly one: Balancer;
  readonly two: Balancer;
  readonly net: string;
  readonly folder: string;
  /** Of keepalived on the first one. */
  readonly config: string;
}

/** Two balancers that share an address, as `deploy/vrrp/` has them, and clients of it; takes root. */
export class BalancerPair implements AsyncDisposable {
  readonly one: Balancer;
  readonly two: Balancer;
  readonly requests: SharedRequest[] = [];
  readonly #parts: Omit<PairParts, "one" | "two">;
  readonly #clients: Promise<void>[] = [];
  #isOver = false;

  private constructor({ one, two, ...parts }: PairParts) {
    [this.one, this.two, this.#parts] = [one, two, parts];
  }

  /** Begins with the first one alone. */
  static async start(): Promise<BalancerPair> {
    const net = `hv${process.pid}`;
    // keepalived runs no script in whose place others could put one, as they can below /tmp.
    const folder = `/run/hecd-test-${net}`;
    await mkdir(folder, { mode: 0o755 });
    const check = join(folder, "check-haproxy");
    await copyFile(join(DEPLOY, "check-haproxy"), check);
    await chmod(check, 0o755);
    await must("ip", ["link", "add", net, "type", "bridge"]);
    await must("ip", ["address", "add", `${NETWORK}.254/24`, "dev", net]);
    await must("ip", ["link", "set", net, "up"]);
    const one = await Balancer.start("a", `${NETWORK}.1`, net, folder);
    const two = await Balancer.start("b", `${NETWORK}.2`, net, folder);
    const config = (await readFile(join(DEPLOY, "keepalived.conf"), "utf8"))
      .replaceAll("10.0.0.", `${NETWORK}.`)
      .replace("/etc/keepalived/check-haproxy", check);
    one.startHaproxy();
    await one.startKeepalived(config);
    return new BalancerPair({ one, two, net, folder, config });
  }

  /** Starts the second one; resolves when it stands by. */
  async join(): Promise<void> {
    const config = this.#parts.config
      .replace("priority 150", "priority 100")
      .replace("router_id edge1", "router_id edge2")
      .replace(`unicast_src_ip ${NETWORK}.1`, `unicast_src_ip ${NETWORK}.2`)
      .replace(/(unicast_peer \{\s+)\S+/, `$1${NETWORK}.1`);
    this.two.startHaproxy();
    await this.two.startKeepalived(config);
    await eventually("the second one to stand by", () => this.two.log.includes("Entering BACKUP STATE"), 20_000);
  }

  /** Has clients ask, each again as soon as it was answered and has rested for 10 ms. */
  load(clients: number): void {
    for (let client = 0; client < clients; client++) this.#clients.push(this.#ask());
  }

  /** Whether all that was asked since a moment was answered by this balancer, and there was such. */
  isServedBy(balancer: Balancer, at: number): boolean {
    const since = this.requests.filter((request) => request.at >= at);
    return since.every(({ by }) => by === balancer.name);
  }

  /** Resolves when a balancer has answered a request, to when that request was sent. */
  async answered(balancer: Balancer, since: number): Promise<number> {
    const first = await eventually(
      `an answer by ${balancer.name}`,
      () => this.requests.find(({ at, by }) => at >= since && by === balancer.name),
      20_000,
    ).catch((error: unknown) => {
      throw new Error(`${this.one.log}\n${this.two.log}`, { cause: error });
    });
    return first.at;
  }

  /** What was asked between two moments and not answered. */
  failedBetween(from: number, to: number): readonly SharedRequest[] {
    return this.requests.filter(({ at, by }) => at >= from && at < to && by === undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
    for (const balancer of [this.one, this.two]) await balancer[Symbol.asyncDispose]();
    await run("ip", ["link", "delete", this.#parts.net]);
    await rm(this.#parts.folder, { recursive: true, force: true });
  }

  async #ask(): Promise<void> {
    while (!this.#isOver) {
      const at = performance.now();
      const by = await answerOf(`http://${NETWORK}.9:${PORT}/`);
      this.requests.push({ at, by });
      await delay(10);
    }
  }
}

const NETWORK = "10.213.77";

function answerOf(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 500 }, (response) => {
      response.setEncoding("utf8").once("data", (text: string) => {
        resolve(response.statusCode === 200 ? required(text, "answer") : undefined);
      });
      response.once("error", () => {
        resolve(undefined);
      });
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => {
      resolve(undefined);
    });
  });
}
