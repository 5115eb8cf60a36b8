import { Agent, request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { steeringKey } from "../../src/core/model/keys.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { type Hecd, hecd } from "../support/hecd.js";
import { Line } from "../support/line.js";
import { Load, startServer, type TestServer } from "../support/load.js";
import { record } from "../support/records.js";

/** Blue and green of one service, which has HTTP's default and a port of TCP: no agent, only keys. */
const SERVERS = ["blue-1", "blue-2", "blue-3", "green-1", "green-2"];

let line: Line;
let tcpPort: number;
let running: TestServer[];
let renderer: Hecd;

const say = (service: string, what: string, value?: string): Promise<unknown> =>
  value === undefined
    ? line.etcd.ctl("del", steeringKey(service, what))
    : line.etcd.ctl("put", steeringKey(service, what), value);

/** `hecd` with the store of the line. */
const order = (...args: readonly string[]) => hecd([...args, "--etcd", line.etcd.endpoint]);

/** The weights that HAProxy has, by the container; a server in maintenance has none. */
async function weights(backend = "web"): Promise<Readonly<Record<string, number>>> {
  const state = await line.command("show servers state");
  const found = state.split("\n").flatMap((row) => {
    const [, of, , name = "", , , admin, weight] = row.split(" ");
    return of === backend && (Number(admin) & 1) === 0 ? [[name.split(":")[0] ?? "", Number(weight)] as const] : [];
  });
  return Object.fromEntries(found);
}

function expectWeights(wanted: Readonly<Record<string, number>>, backend = "web"): Promise<unknown> {
  return eventually(`the weights ${JSON.stringify(wanted)}`, async () => {
    expect(await weights(backend)).toEqual(wanted);
    return true;
  });
}

/** How often each name answers. */
async function answers(count: number, port = line.port): Promise<Readonly<Record<string, number>>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const tally: Record<string, number> = {};
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      request({ port, host: "127.0.0.1", agent }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => {
          resolve(response.statusCode === 200 ? text : String(response.statusCode));
        });
      })
        .on("error", reject)
        .end();
    });
  let left = count;
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const name = await ask();
      tally[name] = (tally[name] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, client));
  agent.destroy();
  return tally;
}

/** The part of the answers that begin so, in percent. */
function shareOf(start: string, tally: Readonly<Record<string, number>>): number {
  const all = Object.entries(tally);
  const sum = (some: typeof all): number => some.reduce((total, [, count]) => total + count, 0);
  return (100 * sum(all.filter(([name]) => name.startsWith(start)))) / sum(all);
}

beforeAll(async () => {
  tcpPort = await freePort();
  line = await Line.start({
    env: { HECD_DEFAULT_SERVICE: "web", HECD_TCP_PORTS: `127.0.0.1:${tcpPort}`, HECD_RETRY_AFTER: "7" },
  });
  running = await Promise.all(SERVERS.map((name) => startServer(name)));
  for (const { name, port } of running) {
    const tags = name.startsWith("blue") ? ["blue"] : ["green", "v2"];
    const own = { name, tags, ip: "127.0.0.1", port };
    const tcp = { ...own, service: "raw", mode: "tcp" as const, tcp: { port: tcpPort } };
    for (const each of [own, tcp]) await line.etcd.ctl("put", ...record(each));
  }
  renderer = line.renderer();
  await expectWeights(Object.fromEntries(SERVERS.map((name) => [name, 100])));
  await eventually("the checks of all servers", async () => Object.keys(await answers(40)).length === SERVERS.length);
});

afterAll(async () => {
  await line[Symbol.asyncDispose]();
  for (const server of running) await server[Symbol.asyncDispose]();
});

describe("keys of steering under load, in an HAProxy that is never reloaded,", () => {
  let reloads: number;
  let load: Load;
  beforeAll(async () => {
    reloads = await line.haproxy.reloads();
    load = new Load(line.port);
  });
  afterAll(async () => {
    await load.stop();
  });

  test("give a tag its share of 10,000 requests, within 2 %, whatever the numbers and weights of servers", async () => {
    await say("web", "share/green", "10");
    await say("web", "weight/blue-1", "50");
    await eventually("the share", async () => ((await weights())["green-1"] ?? 100) < 50);
    const tally = await answers(10_000);
    expect(Math.abs(shareOf("green", tally) - 10)).toBeLessThan(2);
    expect(Math.abs(shareOf("blue-1", tally) - 18)).toBeLessThan(2); // 50 of 250, of 90 %
    await say("web", "weight/blue-1");
  });

  test("switch between blue and green in one step, and back, and end the share", async () => {
    const { stdout } = await order("switch", "web", "green");
    expect(stdout).toBe("green alone serves web (2 servers); before, all did. Back: hecd switch web --back\n");
    await expectWeights({ "blue-1": 0, "blue-2": 0, "blue-3": 0, "green-1": 100, "green-2": 100 });
    expect(shareOf("green", await answers(1_000))).toBe(100);
    await order("switch", "web", "blue");
    await expectWeights({ "blue-1": 100, "blue-2": 100, "blue-3": 100, "green-1": 0, "green-2": 0 });
    for (let round = 0; round < 2; round++) expect((await order("switch", "web", "--back")).code).toBe(0);
    await expectWeights({ "blue-1": 100, "blue-2": 100, "blue-3": 100, "green-1": 0, "green-2": 0 });
    expect(shareOf("blue", await answers(1_000))).toBe(100);
    expect((await order("switch", "web", "red")).stderr).toBe(
      "hecd: Cannot switch web: no server that is up has tag red; there is blue, green, v2\n",
    );
    await order("switch", "web", "*");
    await expectWeights(Object.fromEntries(SERVERS.map((name) => [name, 100])));
  });

  test("make a server a backup, which serves nobody while others do, and take that back", async () => {
    await say("web", "backup/blue-1", "true");
    await eventually("the backup", async () =>
      /blue-1:[^ ]*:backup/.test(await line.command("show servers state web")),
    );
    await eventually("no answer of it", async () => !Object.keys(await answers(50)).includes("blue-1"));
    await say("web", "backup/blue-1");
    await eventually("its answers", async () => Object.keys(await answers(50)).includes("blue-1"));
  });

  test("that do not fit are told once, and hold up no other one", async () => {
    await say("web", "weight/green-1", "a lot");
    await say("web", "weight/green-2", "30");
    await eventually("the good one", async () => (await weights())["green-2"] === 30);
    await say("web", "weight/green-2");
    await eventually("its end", async () => (await weights())["green-2"] === 100);
    const told = renderer.log.split("\n").filter((row) => row.includes("the value is not a weight, 0 to 256"));
    expect(told).toHaveLength(1);
    await say("web", "weight/green-1");
  });

  test("share connections of TCP, and end them for a service in maintenance", async () => {
    await say("raw", "share/green", "25");
    await eventually("the share", async () => ((await weights("raw"))["green-1"] ?? 100) !== 100);
    const tally = await answersOverTcp(400);
    expect(Math.abs(shareOf("green", tally) - 25)).toBeLessThan(2);
    await say("raw", "maintenance", "true");
    await eventually("no answer", async () => Object.keys(await answersOverTcp(3)).join() === "closed");
    await say("raw", "maintenance", "false");
    await eventually("answers", async () => !Object.keys(await answersOverTcp(3)).includes("closed"));
  });

  test("fail no request, and have taken no reload", async () => {
    const { answered, failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(1_000);
    expect(await line.haproxy.reloads()).toBe(reloads);
  });

  test("put a service into maintenance, which is answered 503 with the time to come back, and out of it", async () => {
    await say("web", "maintenance", "true");
    const head = await eventually("503", async () => {
      const response = await fetch(`http://127.0.0.1:${line.port}/`);
      return response.status === 503 ? response.headers.get("retry-after") : undefined;
    });
    expect(head).toBe("7");
    const list = (await order("list")).stdout;
    expect(list).toMatch(/^web +blue-1 +\S+ +maintenance +100 /m);
    await say("web", "maintenance", "false");
    await eventually("an answer", async () => (await fetch(`http://127.0.0.1:${line.port}/`)).status === 200);
    expect(await line.haproxy.reloads()).toBe(reloads);
  });
});

/** Each over a connection of its own; `closed` where there is no answer. */
async function answersOverTcp(count: number): Promise<Readonly<Record<string, number>>> {
  const tally: Record<string, number> = {};
  for (let asked = 0; asked < count; asked++) {
    const text = await new Promise<string>((resolve) => {
      let said = "";
      const socket = connect(tcpPort, "127.0.0.1", () => socket.write("GET / HTTP/1.0\r\n\r\n"));
      socket.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
      socket
        .on("error", () => undefined)
        .on("close", () => {
          resolve(said);
        });
    });
    const name = /\r\n\r\n(\S+)$/.exec(text)?.[1] ?? "closed";
    tally[name] = (tally[name] ?? 0) + 1;
  }
  return tally;
}
