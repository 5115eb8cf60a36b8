import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ZooKeeperConnection } from "../../src/edges/zookeeper/connection.js";
import { isRefusal } from "../../src/edges/zookeeper/errors.js";
import { childOf } from "../../src/edges/zookeeper/paths.js";
import {
  closeSession,
  create,
  getChildren,
  getData,
  multi,
  type Right,
  sessionOf,
} from "../../src/edges/zookeeper/requests.js";
import { parseSessionKey } from "../../src/edges/zookeeper/session-key.js";
import { systemClock } from "../../src/flow/clock.js";
import type { TestServer } from "../store-faults.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { ServerProcess } from "./server-process.js";
import { tempDir } from "./temp-dir.js";

const EVERYBODY: Right = { scheme: "world", id: "anyone", rights: 31 };

/** Where agents keep the passwords of their sessions. */
const SESSIONS = "/hecd/v1/zookeeper";

/** One ZooKeeper child process with a folder of its own, in the hands of a test. */
export class TestZooKeeper extends ServerProcess implements TestServer {
  readonly #folder: string;
  #hand: Promise<ZooKeeperConnection> | undefined;

  private constructor(port: number, folder: string) {
    super(port);
    this.#folder = folder;
  }

  static async start(): Promise<TestZooKeeper> {
    const zooKeeper = new TestZooKeeper(await freePort(), (await tempDir()).path);
    const lines = [
      ...["tickTime=500", "maxSessionTimeout=60000", "admin.enableServer=false", "maxClientCnxns=0"],
      ...[`dataDir=${zooKeeper.#dataFolder}`, `clientPort=${zooKeeper.port}`, "clientPortAddress=127.0.0.1"],
    ];
    await writeFile(join(zooKeeper.#folder, "zoo.cfg"), lines.join("\n"));
    await zooKeeper.start();
    return zooKeeper;
  }

  /** Starts the process; resolves when it answers. */
  async start(): Promise<void> {
    const memory = ["-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
    const config = join(this.#folder, "zoo.cfg");
    const program = ["-cp", "/usr/share/java/zookeeper.jar", "org.apache.zookeeper.server.quorum.QuorumPeerMain"];
    this.execute("java", [...memory, ...program, config]);
    await eventually(
      "ZooKeeper to answer",
      () => this.#use((hand) => hand.ask(getData("/"))).catch(() => undefined),
      30_000,
    );
  }

  /** Removes all its data; it must not run. */
  async wipe(): Promise<void> {
    await rm(this.#dataFolder, { recursive: true, force: true });
  }

  /** All keys below `prefix`, node by node. */
  async keys(prefix: string): Promise<ReadonlyMap<string, string>> {
    const path = prefix.replace(/\/$/, "");
    const found = new Map<string, string>();
    const collect = async (hand: ZooKeeperConnection, at: string): Promise<void> => {
      const { answer } = await hand.ask(getData(at));
      if (answer.data.length > 0) found.set(at, answer.data.toString());
      if (answer.stat.children === 0) return;
      const { answer: names } = await hand.ask(getChildren(at));
      for (const name of names) await collect(hand, childOf(at, name)).catch(unlessGone);
    };
    await this.#use((hand) => collect(hand, path).catch(unlessGone));
    return found;
  }

  /** Writes a key as somebody would who is no agent, with what is above it. */
  async put(key: string, value: string): Promise<void> {
    await this.#use(async (hand) => {
      const parts = key.slice(1).split("/");
      for (let depth = 1; depth < parts.length; depth++) {
        const above = `/${parts.slice(0, depth).join("/")}`;
        await hand.ask(create(above, Buffer.alloc(0), [EVERYBODY], "container")).catch(unlessThere);
      }
      const data = Buffer.from(value);
      const found = await hand.ask(getData(key)).catch(unlessGone);
      if (found && sessionOf(found.answer.stat) === undefined) {
        await hand.ask(multi([{ kind: "set", path: key, data, version: -1 }]));
        return;
      }
      // What is set keeps its session; what is made anew has none.
      if (found) await this.delete(key);
      await hand.ask(create(key, data, [EVERYBODY], "persistent"));
    });
  }

  async delete(key: string): Promise<void> {
    await this.#use((hand) => hand.ask(multi([{ kind: "delete", path: key, version: -1 }])));
  }

  /** Ends the session of every agent, as if no sign of life had come for too long. */
  async expire(): Promise<void> {
    const names = await this.#use((hand) => hand.ask(getChildren(SESSIONS)));
    for (const name of names.answer) {
      // Those of earlier tests end by themselves meanwhile.
      const read = await this.#use((hand) => hand.ask(getData(childOf(SESSIONS, name))).catch(unlessGone));
      const found = read && parseSessionKey(name, read.answer.data.toString());
      if (!found) continue;
      const session = { lifeMs: found.ttlMs, key: found.key };
      const line = await this.#connect(session);
      await line.ask(closeSession());
      line.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    (await this.#hand?.catch(() => undefined))?.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #dataFolder(): string {
    return join(this.#folder, "data");
  }

  #connect(session: Parameters<typeof ZooKeeperConnection.open>[1]): Promise<ZooKeeperConnection> {
    const servers = [{ name: this.endpoint, host: "127.0.0.1", port: this.port }];
    return ZooKeeperConnection.open({ servers }, session, systemClock);
  }

  async #use<T>(request: (hand: ZooKeeperConnection) => Promise<T>): Promise<T> {
    const present = await this.#hand?.catch(() => undefined);
    if (present && !present.isBroken()) return request(present);
    this.#hand = this.#connect({ lifeMs: 60_000 });
    return request(await this.#hand);
  }
}

function unlessGone(error: unknown): undefined {
  if (!isRefusal(error, "noNode")) throw error;
  return undefined;
}

function unlessThere(error: unknown): void {
  if (!isRefusal(error, "nodeExists")) throw error;
}
