import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeCertificates, makeServerPem } from "../support/certificates.js";
import { WEB_IMAGE } from "../support/docker.js";
import { rows, section } from "../support/documents.js";
import { DEFAULT_NETWORK } from "../support/engine-kind.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { haproxyVersion } from "../support/haproxy.js";
import { hecd } from "../support/hecd.js";
import { type Answer, askAt } from "../support/label-world.js";
import { Line } from "../support/line.js";
import { required } from "../support/required.js";
import { tempDir } from "../support/temp-dir.js";

const run = promisify(execFile);

/** A container with what is said of it; the last part of its name is its service unless a label names another one. */
interface Described {
  readonly labels: Readonly<Record<string, string>>;
  /** Variables of the server that says what it was asked; a container without them answers its name. */
  readonly app?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

const APP = fileURLToPath(new URL("../support/labelled-app.mjs", import.meta.url));

/** Other runs have other containers. */
const NAMESPACE = `labels-${process.pid}`;

const CHECKED = { "hecd.check.path": "/health", "hecd.check.interval": "200ms" };
const SECURE = { PROTOCOL: "https", TLS: "/certs/upstream.example" };
const VERIFIED = { "hecd.scheme": "https", "hecd.tls.verify": "true" };

/** Those that serve. An image without `/health` answers 404 there. */
const SERVING: Readonly<Record<string, Described>> = {
  rules: {
    app: {},
    labels: {
      ...{ "hecd.http.path": "/rules", "hecd.http.strip": "/rules", "hecd.name": "renamed" },
      ...{ "hecd.headers.request.X-Team": '50% of "blue" #1 it\'s $HOME', "hecd.headers.request.Accept-Encoding": "" },
      ...{ "hecd.headers.response.X-Frame-Options": "DENY", "hecd.headers.response.X-Powered-By": "" },
      ...{ "hecd.tags": "blue,canary", "hecd.meta.region": "eu" },
    },
  },
  allow: { labels: { "hecd.http.allow": "10.0.0.0/8" } },
  auth: { labels: { "hecd.http.auth": "team" } },
  rate: { labels: { "hecd.http.rate": "2/1m" } },
  redirect: { labels: { "hecd.http.redirect-https": "true" } },
  exact: { labels: { "hecd.http.host": "a.priority.example" } },
  wide: { labels: { "hecd.http.host": "*.priority.example", "hecd.priority": "5" } },
  tcp: { labels: { "hecd.mode": "tcp" } },
  "tcp-port": { labels: { "hecd.tcp.port": "" } }, // a free one
  "tcp-tls": { labels: { "hecd.tcp.port": "", "hecd.tcp.tls": "true" } }, // the next one
  "tcp-sni": { app: SECURE, labels: { "hecd.tcp.sni": "upstream.example" } },
  "proxy-1": { app: { PROXY: "v1" }, labels: { ...CHECKED, "hecd.proxy-protocol": "v1" } },
  "proxy-2": { app: { PROXY: "v2" }, labels: { ...CHECKED, "hecd.proxy-protocol": "v2" } },
  secure: {
    app: { ...SECURE, HEALTH_STATUS: "204" },
    labels: {
      ...{ ...VERIFIED, ...CHECKED, "hecd.tls.sni": "upstream.example", "hecd.check.scheme": "https" },
      ...{ "hecd.check.host": "upstream.example", "hecd.check.verify": "true" },
    },
  },
  insecure: { app: SECURE, labels: { ...VERIFIED, "hecd.tls.sni": "other.example" } },
  h2c: { app: { PROTOCOL: "h2c" }, labels: { "hecd.scheme": "h2c" } },
  "first-1": { labels: { "hecd.service": "first", "hecd.balance": "first" } },
  "first-2": { labels: { "hecd.service": "first", "hecd.balance": "first" } },
  "sticky-1": { labels: { "hecd.service": "sticky", "hecd.sticky": "true" } },
  "sticky-2": { labels: { "hecd.service": "sticky", "hecd.sticky": "true" } },
  limited: { app: {}, labels: { "hecd.maxconn": "1" } },
  timed: { app: {}, labels: { "hecd.timeout.server": "300ms", "hecd.timeout.tunnel": "400ms" } },
  away: { labels: { "hecd.timeout.connect": "200ms", "hecd.check.type": "off", "hecd.ip": "" } }, // that of nobody
  held: { labels: { "hecd.hold": "1m" } },
  status: {
    labels: {
      ...{ ...CHECKED, "hecd.check.status": "404", "hecd.check.timeout": "1s" },
      ...{ "hecd.check.rise": "3", "hecd.check.fall": "4" },
    },
  },
  "by-tcp": { labels: { ...CHECKED, "hecd.check.type": "tcp" } },
  ill: {
    labels: { "hecd.health": "off" },
    args: ["--health-cmd", "false", "--health-interval", "1s", "--health-retries", "1"],
  },
  drained: { labels: { "hecd.drain-delay": "6s" } },
  port: { app: { PORTS: "8080,9090" }, labels: { "hecd.port": "9090" }, args: ["--expose", "9090"] },
  ports: {
    app: { PORTS: "8080,9090" },
    labels: { "hecd.ports": "8080,9090", "hecd.8080.service": "eighth", "hecd.8080.http.host": "eighth.example" },
    args: ["--expose", "9090"],
  },
  direct: { labels: { "hecd.network": DEFAULT_NETWORK } },
  heavy: { labels: { "hecd.service": "weighted", "hecd.weight": "10" } },
  weightless: { labels: { "hecd.service": "weighted", "hecd.weight": "0" } },
  spare: { labels: { "hecd.service": "weighted", "hecd.backup": "true" } },
};

/** Those that do not serve, and why. */
const LEFT_OUT: Readonly<Record<string, Described & { readonly reason: string }>> = {
  disabled: { labels: { "hecd.enable": "false" }, reason: "disabled" },
  stranger: { labels: { "hecd.namespace": `${NAMESPACE}-other` }, reason: "other-namespace" },
  badly: { labels: CHECKED, reason: "answers-badly" },
  late: { app: { HEALTH_MS: "700" }, labels: { ...CHECKED, "hecd.check.timeout": "300ms" }, reason: "answers-badly" },
  unverified: {
    app: SECURE,
    labels: { ...CHECKED, "hecd.scheme": "https", "hecd.check.host": "other.example", "hecd.check.verify": "true" },
    reason: "answers-badly",
  },
};

let line: Line;
let folder: Awaited<ReturnType<typeof tempDir>>;
let httpsPort: number;
let tcpPort: number;
let tcpTlsPort: number;
let sniPort: number;
const parts: AsyncDisposable[] = [];

const nameOf = (name: string): string => `labels-${name}`;
const hostOf = (service: string): string => `${service}.example`;

beforeAll(async () => {
  folder = await tempDir();
  parts.push(folder);
  const at = (name: string): string => join(folder.path, name);
  await makeCertificates(folder.path);
  await makeServerPem(folder.path, "upstream.example");
  for (const name of ["certs", "users"]) await mkdir(at(name));
  await writeFile(at("certs/redirect.pem"), await makeServerPem(folder.path, hostOf("redirect")));
  await writeFile(at("users/team"), `ann:${(await run("openssl", ["passwd", "-6", "secret"])).stdout}`);
  httpsPort = await freePort();
  [tcpPort, tcpTlsPort, sniPort] = [await freePort(), await freePort(), await freePort()];
  line = await Line.start({
    removalReloadDelay: "30s", // as where nothing is said: a service that is away for a moment stays one
    env: {
      HECD_TLS_CERTS: at("certs"),
      HECD_HTTPS_BIND: `127.0.0.1:${httpsPort}`,
      HECD_AUTH_DIR: at("users"),
      HECD_TCP_PORTS: `127.0.0.1:${tcpPort},127.0.0.1:${tcpTlsPort}`,
      HECD_SNI_BIND: `127.0.0.1:${sniPort}`,
      HECD_SERVER_CA: at("ca.pem"),
      NODE_EXTRA_CA_CERTS: at("ca.pem"),
      HECD_HOLD: "0s",
      HECD_HOLD_SCRIPT: fileURLToPath(new URL("../../templates/hold.lua", import.meta.url)),
      HECD_HAPROXY_VERSION: await haproxyVersion(),
    },
  });
  parts.push(line);
  const nobody = (await line.docker.bridgeAddress()).replace(/[0-9]+$/, "254");
  line.agent("--namespace", NAMESPACE);
  line.renderer();
  const all = Object.entries({ ...SERVING, ...LEFT_OUT });
  for (const [name, described] of all) {
    const port = name === "tcp-tls" ? tcpTlsPort : tcpPort;
    await start(name, described, { "hecd.ip": nobody, "hecd.tcp.port": String(port) });
  }
  await eventually(
    "all that serve",
    async () => {
      const counted = new Map([
        ["eighth", 1],
        ["ninth", 1],
      ]); // of the container `ports`
      for (const [name, { labels }] of Object.entries(SERVING)) {
        const service = labels["hecd.service"] ?? name;
        if (name !== "tcp" && name !== "ports") counted.set(service, (counted.get(service) ?? 0) + 1);
      }
      for (const [service, count] of counted) expect(await serversOf(service), service).toHaveLength(count);
      expect((await hecd(["status", ...line.statusFlags])).code).toBe(0);
      return true;
    },
    60_000,
  );
}, 240_000);

afterAll(async () => {
  for (const part of parts.reverse()) await part[Symbol.asyncDispose]();
});

/** Starts a container; what its labels leave empty is `filled` in. */
async function start(
  name: string,
  { labels, app, args = [] }: Described,
  filled: Readonly<Record<string, string>>,
): Promise<void> {
  const { docker } = line;
  const service = labels["hecd.service"] ?? name;
  const usual = { "hecd.service": service, "hecd.http.host": hostOf(service), "hecd.namespace": NAMESPACE };
  const ports = Object.hasOwn(labels, "hecd.ports") ? { "hecd.9090.service": "ninth" } : {};
  const said = Object.entries({ ...usual, ...ports, ...labels }).map(([label, text]) => [
    ...["--label", `${label}=${text || (filled[label] ?? "")}`],
  ]);
  const fixed = ["--detach", "--publish-all", "--label", "hecd.test", "--name", nameOf(name), "--hostname", name];
  const server = app && [
    ...Object.entries(app).flatMap(([variable, value]) => ["--env", `${variable}=${value}`]),
    ...["--volume", `${APP}:/app.mjs:ro`, "--volume", `${folder.path}:/certs:ro`, "--expose", "8080"],
  ];
  const image = server ? [...server, "hecd-test/node", "node", "/app.mjs"] : [WEB_IMAGE];
  docker.minds(nameOf(name));
  await docker.run("run", ...fixed, ...said.flat(), ...args, ...image);
}

/** The servers of a service, but what requests wait at. */
async function serversOf(service: string): Promise<readonly string[]> {
  return (await line.serversOf(service)).filter((name) => name !== "_held");
}

/** What a client hears that asks for a path of a service. */
function ask(service: string, path = "/", headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return askAt(line.port, path, { host: hostOf(service), ...headers });
}

/** What a server has been asked, as it says itself. */
interface Heard {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly httpVersion: string;
  readonly port: number;
  readonly servername?: string;
  readonly checks: number;
  readonly most: number;
}

/** The same of a service that says what it was asked. */
async function heard(service: string, path = "/", headers: Readonly<Record<string, string>> = {}): Promise<Heard> {
  const { status, body } = await ask(service, path, headers);
  expect(status, body).toBe(200);
  return JSON.parse(body) as Heard; // our own server
}

/** The names of the containers that answer so many requests. */
async function namesOf(service: string, count: number, headers = {}): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (let each = 0; each < count; each++) names.add((await ask(service, "/", headers)).body.trim());
  return names;
}

/** What HAProxy's statistics have of the only server of a service. */
async function stat(service: string, column: string): Promise<string> {
  const text = await line.command("show stat -1 4 -1");
  const [heading = "", ...all] = text.split("\n");
  const found = all.map((row) => row.split(",")).find(([backend]) => backend === service);
  return required(found?.[heading.replace(/^# /, "").split(",").indexOf(column)], `${column} of ${service}`);
}

test("every label of the page is given to a container here", () => {
  const all = Object.values({ ...SERVING, ...LEFT_OUT }).flatMap(({ labels }) => Object.keys(labels));
  const given = new Set([
    "hecd.service",
    "hecd.http.host",
    "hecd.namespace",
    ...all.map((label) => label.toLowerCase()),
  ]);
  const documented = rows(section("docs/labels.md", "Labels")).map(([label = ""]) => label);
  expect(documented.filter((label) => !given.has(label))).toEqual([]);
});

describe("a client of HAProxy sees by the labels of real containers", () => {
  test("paths without their prefix, headers that come and go, and what records have besides", async () => {
    const { url, headers } = await heard("rules", "/rules/cart?a=b", { "accept-encoding": "gzip", "x-team": "mine" });
    expect(url).toBe("/cart?a=b");
    expect(headers).toMatchObject({ "x-team": '50% of "blue" #1 it\'s $HOME', "x-forwarded-prefix": "/rules" });
    expect(headers).not.toHaveProperty("accept-encoding");
    const { headers: answered } = await ask("rules", "/rules");
    expect(answered).toMatchObject({ "x-frame-options": "DENY" });
    expect(answered).not.toHaveProperty("x-powered-by");
    expect((await ask("rules", "/other")).status).toBe(404); // nobody's
    expect(await serversOf("rules")).toEqual(["renamed"]);
    const [record] = [...(await line.etcd.keys("/hecd/v1/services/rules/")).values()];
    expect(JSON.parse(required(record, "record"))).toMatchObject({ tags: ["blue", "canary"], meta: { region: "eu" } });
  });

  test("403 where others alone are allowed, and 429 once there were enough requests", async () => {
    expect((await ask("allow")).status).toBe(403);
    const statuses: number[] = [];
    for (let each = 0; each < 3; each++) statuses.push((await ask("rate")).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  test("HTTPS where it came in the clear", async () => {
    const { status, headers } = await ask("redirect", "/cart");
    expect([status, headers.location]).toEqual([308, "https://redirect.example/cart"]);
    const asked = request({
      ...{ host: "127.0.0.1", port: httpsPort, servername: "redirect.example", rejectUnauthorized: false },
      ...{ headers: { host: "redirect.example" }, agent: false },
    }).end();
    const [response] = (await once(asked, "response")) as [NodeJS.ReadableStream & { readonly statusCode: number }];
    response.resume();
    expect(response.statusCode).toBe(200);
  });

  test("the service of the higher priority, and none of TCP", async () => {
    expect((await askAt(line.port, "/", { host: "a.priority.example" })).body).toBe("wide\n");
    expect((await ask("tcp")).status).toBe(404);
    expect(await line.command("show backend")).not.toMatch(/^tcp$/m);
  });

  test("a service of TCP at the port that it asks for", async () => {
    expect((await askAt(tcpPort, "/")).body).toBe("tcp-port\n");
    expect((await ask("tcp-port")).status).toBe(404);
  });

  test("a service of TCP by TLS, and one that is asked for by its name and speaks TLS itself", async () => {
    const tls = { rejectUnauthorized: false, agent: false, host: "127.0.0.1" };
    const certified = async (port: number, servername: string) => {
      const asked = request({ ...tls, port, servername }).end();
      const [socket] = (await once(asked, "socket")) as [TLSSocket];
      const [response] = (await once(asked, "response")) as [IncomingMessage];
      const { CN: name } = socket.getPeerCertificate().subject;
      let body = "";
      for await (const chunk of response) body += String(chunk);
      return [name, body];
    };
    expect(await certified(tcpTlsPort, "redirect.example")).toEqual(["redirect.example", "tcp-tls\n"]);
    expect(await certified(sniPort, "upstream.example")).toEqual([
      "upstream.example",
      expect.stringContaining('"name":"tcp-sni"'),
    ]);
    expect((await certified(sniPort, "redirect.example"))[0]).toBe("redirect.example"); // of HTTPS
  });

  test("a server that is told by the PROXY protocol who its client is, by requests and by checks", async () => {
    for (const service of ["proxy-1", "proxy-2"]) {
      const { name, checks } = await heard(service);
      expect(name).toBe(service);
      await eventually("checks", async () => (await heard(service)).checks > checks + 3, 4_000);
      await eventually("a check of HAProxy", async () => (await stat(service, "check_status")) === "L7OK");
    }
  });

  test("TLS to servers and to their checks, with certificates that are looked at, and HTTP/2 in the clear", async () => {
    const { servername, checks } = await heard("secure");
    expect(servername).toBe("upstream.example");
    await eventually("checks at their interval", async () => (await heard("secure")).checks > checks + 3, 4_000);
    expect((await ask("insecure")).status).toBe(503);
    expect((await heard("h2c")).httpVersion).toBe("2.0");
  });

  test("the server that an algorithm, a cookie, a weight or a backup leads to", async () => {
    expect((await namesOf("first", 6)).size).toBe(1);
    const { body, headers } = await ask("sticky");
    const [cookie = ""] = required(headers["set-cookie"]?.[0], "cookie").split(";");
    expect(await namesOf("sticky", 6, { cookie })).toEqual(new Set([body.trim()]));
    expect(await namesOf("sticky", 6)).toEqual(new Set(["sticky-1", "sticky-2"]));
    expect(await namesOf("weighted", 6)).toEqual(new Set(["heavy"]));
    await line.docker.run("stop", nameOf("heavy"));
    await line.docker.run("stop", nameOf("weightless"));
    await eventually("the backup", async () => (await ask("weighted")).body === "spare\n");
  });

  test("one request at a time at a server that wants no more", async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => ask("limited", "/slow")));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await heard("limited")).most).toBe(1);
  });

  test("504 and 503 in the time that a service says, and tunnels that end", async () => {
    const silent = await ask("timed", "/never");
    expect(silent.status).toBe(504);
    expect(silent.tookMs).toBeGreaterThan(280);
    expect(silent.tookMs).toBeLessThan(3_000);
    const gone = await ask("away");
    expect([gone.status, await stat("away", "status")]).toEqual([503, "no check"]);
    expect(gone.tookMs).toBeGreaterThan(190);
    expect(gone.tookMs).toBeLessThan(2_900); // a single attempt takes 3 s where nothing is said
    const socket = connect(line.port, "127.0.0.1");
    socket.write(`GET / HTTP/1.1\r\nHost: ${hostOf("timed")}\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n`);
    await once(socket, "data");
    const begunAt = performance.now();
    await once(socket, "end");
    expect(performance.now() - begunAt).toBeGreaterThan(300);
    expect(performance.now() - begunAt).toBeLessThan(5_000);
  });

  test("an answer late and not none while a container starts again", async () => {
    await line.docker.run("stop", nameOf("held"));
    await eventually("no server", async () => (await serversOf("held")).length === 0);
    const asked = ask("held");
    await line.docker.run("start", nameOf("held"));
    expect(await asked).toMatchObject({ status: 200, body: "held\n" });
  });

  test("containers that pass the checks they ask for", async () => {
    expect((await ask("status")).body).toBe("status\n");
    await eventually("a check", async () => (await stat("status", "check_status")) === "L7OK");
    const numbers = await Promise.all(["check_code", "check_rise", "check_fall"].map((name) => stat("status", name)));
    expect(numbers).toEqual(["404", "3", "4"]);
    expect((await ask("by-tcp")).body).toBe("by-tcp\n");
    await eventually("a check by TCP", async () => (await stat("by-tcp", "check_status")) === "L4OK");
    expect((await ask("ill")).body).toBe("ill\n");
  });

  test("the ports and the address that a container names", async () => {
    expect((await heard("port")).port).toBe(9_090);
    expect((await heard("eighth")).port).toBe(8_080);
    expect(await serversOf("ninth")).toEqual(["labels-ports-9090"]);
    expect((await ask("direct")).body).toBe("direct\n");
    expect(await stat("direct", "addr")).toBe(`${await line.docker.address(nameOf("direct"))}:8080`);
  });

  test("nothing of containers that ask to be left out, or do not pass", async () => {
    await eventually("all reasons", async () => {
      for (const [name, { reason }] of Object.entries(LEFT_OUT)) {
        expect(await line.reason(nameOf(name)), name).toBe(reason);
        expect((await ask(name)).status, name).toBe(404);
      }
      return true;
    });
  });

  test("a password asked for, and 503 once there is nobody who may come in", async () => {
    const { status, headers } = await ask("auth");
    expect([status, headers["www-authenticate"]]).toEqual([401, 'Basic realm="auth"']);
    const authorization = `Basic ${Buffer.from("ann:secret").toString("base64")}`;
    expect((await ask("auth", "/", { authorization })).body).toBe("auth\n");
    await rm(join(folder.path, "users/team"));
    await eventually("503", async () => (await ask("auth", "/", { authorization })).status === 503);
    expect(await line.check()).toContain(
      "left out the users in team: there is no such file; nobody may use service auth",
    );
  });

  test("a container stop only when it has drained for as long as it says", async () => {
    const begunAt = performance.now();
    const { code } = await hecd(["stop", nameOf("drained"), ...line.statusFlags.slice(0, 2)]);
    expect(code).toBe(0);
    expect(performance.now() - begunAt).toBeGreaterThan(6_000); // five where nothing is said
  });
});
