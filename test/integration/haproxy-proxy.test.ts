import { once } from "node:events";
import { createConnection, createServer } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeCertificateFolder } from "../support/certificates.js";
import { Echo, greetingAt } from "../support/echo.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { heldEnv } from "../support/held-env.js";
import { LabelWorld, Site } from "../support/label-world.js";
import { tempDir } from "../support/temp-dir.js";

let directory: Awaited<ReturnType<typeof tempDir>>;
let certs: string;

beforeAll(async () => {
  directory = await tempDir();
  certs = await makeCertificateFolder(directory.path, { "shop.pem": "shop.example" });
});

afterAll(async () => {
  await directory[Symbol.asyncDispose]();
});

/** What is said first at a port after these words; empty where the connection is closed before. */
async function answerTo(port: number, words: string): Promise<string> {
  const socket = createConnection(port, "127.0.0.1");
  let text = "";
  socket.on("data", (data) => {
    text += String(data);
    socket.destroy();
  });
  socket.on("error", () => socket.destroy());
  socket.write(words);
  await new Promise((resolve) => socket.once("close", resolve));
  return text;
}

const PROXIED = "PROXY TCP4 192.0.2.7 192.0.2.1 1234 80\r\n";
const GET = "GET / HTTP/1.1\r\nHost: web.example\r\nConnection: close\r\n\r\n";

describe("the PROXY protocol of a balancer in front", () => {
  test("tells who a client is, of HTTP and of TCP, where the balancer is trusted", async () => {
    await using site = await Site.start("site");
    await using redis = await Echo.start("redis");
    const port = await freePort();
    const env = { HECD_ACCEPT_PROXY: "10.0.0.0/8 127.0.0.0/8", HECD_TCP_PORTS: `127.0.0.1:${port}` };
    const allowed = { "hecd.http.allow": "192.0.2.7", "hecd.http.rate": "2/60s" };
    await using world = await LabelWorld.start([site.as(), redis.at(port, allowed)], { env });
    expect(await answerTo(world.haproxy.port, PROXIED + GET)).toContain("HTTP/1.1 200 OK");
    expect(site.requests.at(-1)?.headers["x-forwarded-for"]).toBe("192.0.2.7");
    expect(await answerTo(world.haproxy.port, GET)).not.toContain("200 OK");
    const other = PROXIED.replace("192.0.2.7", "192.0.2.8");
    const greetings: string[] = [];
    for (const words of [PROXIED, other, PROXIED, PROXIED]) greetings.push(await answerTo(port, words));
    expect(greetings).toEqual(["redis", "", "redis", ""]);
  });

  test("is nobody else's to speak", async () => {
    await using site = await Site.start("site");
    await using world = await LabelWorld.start([site.as()], { env: { HECD_ACCEPT_PROXY: "10.0.0.0/8" } });
    expect(await answerTo(world.haproxy.port, PROXIED + GET)).toContain("400 Bad");
    expect(await answerTo(world.haproxy.port, GET)).toContain("200 OK");
    expect(site.requests.at(-1)?.headers["x-forwarded-for"]).toBe("127.0.0.1");
  });
});

/** What the second version begins with. */
const SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";

test.each(["v1", "v2"])(
  "a server is told by the PROXY protocol %s who its client is, without a reload",
  async (version) => {
    const heads: string[] = [];
    const server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.once("data", (head) => {
        heads.push(head.toString("latin1"));
        socket.end("told");
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      await using redis = await Echo.start("redis");
      const port = await freePort();
      const env = { HECD_TCP_PORTS: `127.0.0.1:${port}` };
      await using world = await LabelWorld.start([redis.at(port)], { env });
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("No port was given");
      const labels = { ...redis.at(port).labels, "hecd.proxy-protocol": version };
      expect(await world.have([{ name: "told", port: address.port, labels }])).toEqual([]);
      expect(await greetingAt(port)).toBe("told");
      const [own, any] =
        version === "v1" ? ["PROXY TCP4 127.0.0.1 127.0.0.1 ", "PROXY "] : [`${SIGNATURE}!\x11`, SIGNATURE];
      expect(heads.some((head) => head.startsWith(own))).toBe(true);
      expect(heads.filter((head) => !head.startsWith(any))).toEqual([]); // of checks
    } finally {
      server.close();
    }
  },
);

describe("connections of TLS that are passed on by their names", () => {
  /** Whose certificate is shown to who asks for a name; empty where the connection is closed. */
  function shownAt(port: number, servername: string): Promise<string> {
    return new Promise((resolve) => {
      const socket = connectTls({ host: "127.0.0.1", port, servername, rejectUnauthorized: false });
      socket.once("secureConnect", () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
      socket.once("error", () => {
        resolve("");
      });
    });
  }

  /** A HAProxy of its own that has a certificate of this name, to which connections are passed on. */
  async function secured(name: string) {
    const folder = await tempDir();
    const own = await makeCertificateFolder(folder.path, { "own.pem": name });
    const port = await freePort();
    const world = await LabelWorld.start([], { env: { HECD_TLS_CERTS: own, HECD_HTTPS_BIND: `127.0.0.1:${port}` } });
    return {
      port,
      async [Symbol.asyncDispose]() {
        await world[Symbol.asyncDispose]();
        await folder[Symbol.asyncDispose]();
      },
    };
  }

  test("come to the service that has the name, beside HTTPS on the same port, and wait for a server", async () => {
    await using site = await Site.start("site");
    await using db = await secured("db.example");
    const [sni, https] = [await freePort(), await freePort()];
    const env = {
      ...(await heldEnv("30s")),
      ...{ HECD_SNI_BIND: `127.0.0.1:${sni}`, HECD_TLS_CERTS: certs, HECD_HTTPS_BIND: `127.0.0.1:${https}` },
    };
    const labels = { "hecd.service": "db", "hecd.tcp.sni": "db.example,*.db.example" };
    const all = [site.as(), { name: "db", port: db.port, labels }];
    await using world = await LabelWorld.start(all, { env });
    expect([await shownAt(sni, "db.example"), await shownAt(sni, "A.db.example")]).toEqual([
      "db.example",
      "db.example",
    ]);
    expect([await shownAt(sni, "shop.example"), await shownAt(sni, "other.example")]).toEqual([
      "shop.example",
      "shop.example",
    ]);
    await world.haproxy.ask(`set server db/db:127.0.0.1:${db.port} state maint`);
    const waiting = shownAt(sni, "db.example");
    await eventually("a connection that waits", async () =>
      (await world.haproxy.ask("show stat db 2 -1")).includes("db,BACKEND,0,0,1,"),
    );
    await world.haproxy.ask(`set server db/db:127.0.0.1:${db.port} state ready`);
    expect(await waiting).toBe("db.example");
  });

  test("are closed where nobody has the name and there is no HTTPS", async () => {
    await using db = await secured("db.example");
    const sni = await freePort();
    const labels = { "hecd.service": "db", "hecd.tcp.sni": "db.example" };
    await using _world = await LabelWorld.start([{ name: "db", port: db.port, labels }], {
      env: { HECD_SNI_BIND: `127.0.0.1:${sni}` },
    });
    expect([await shownAt(sni, "db.example"), await shownAt(sni, "other.example")]).toEqual(["db.example", ""]);
    expect(await answerTo(sni, "GET / HTTP/1.0\r\n\r\n")).toBe("");
  });

  test("end at HAProxy where a service of TCP is to be reached by TLS, and never in the clear", async () => {
    await using redis = await Echo.start("redis");
    const port = await freePort();
    const env = { HECD_TCP_PORTS: `127.0.0.1:${port}` };
    const secure = redis.at(port, { "hecd.tcp.tls": "true" });
    {
      await using world = await LabelWorld.start([secure], { env: { ...env, HECD_TLS_CERTS: certs } });
      expect(await shownAt(port, "shop.example")).toBe("shop.example");
      expect(world.haproxy.port).not.toBe(port);
    }
    await using _none = await LabelWorld.start([secure], { env });
    expect([await shownAt(port, "shop.example"), await greetingAt(port)]).toEqual(["", ""]);
  });
});
