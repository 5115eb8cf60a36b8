import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { request, type RequestOptions } from "node:https";
import type { IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { connect, type ConnectionOptions, type PeerCertificate } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeCertificateFolder } from "../support/certificates.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { renderKeys, stockTemplate } from "../support/golden.js";
import { objectionsTo } from "../support/haproxy.js";
import { heldEnv } from "../support/held-env.js";
import { LabelWorld, Site } from "../support/label-world.js";
import { required } from "../support/required.js";
import { tempDir } from "../support/temp-dir.js";

const NAMES = ["a.example.org", "b.example.org"] as const;

let directory: Awaited<ReturnType<typeof tempDir>>;
let ca: Buffer;
let certs: string;
let site: Site;
let authority: Site;

beforeAll(async () => {
  directory = await tempDir();
  certs = await makeCertificateFolder(directory.path, Object.fromEntries(NAMES.map((name) => [`${name}.pem`, name])));
  ca = await readFile(join(directory.path, "ca.pem"));
  site = await Site.start("web-1");
  authority = await Site.start("authority");
});

afterAll(async () => {
  for (const each of [site, authority, directory]) await each[Symbol.asyncDispose]();
});

interface Https extends AsyncDisposable {
  readonly world: LabelWorld;
  readonly port: number;
}

/** A HAProxy with both certificates, before one container. */
async function https(
  env: Readonly<Record<string, string>> = {},
  more: Readonly<Record<string, string>> = {},
): Promise<Https> {
  const port = await freePort();
  const own = { HECD_TLS_CERTS: certs, HECD_HTTPS_BIND: `127.0.0.1:${port}` };
  const labels = { "hecd.service": "web", ...more };
  const world = await LabelWorld.start([{ name: "web-1", port: site.port, labels }], { env: { ...own, ...env } });
  return { world, port, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
}

/** Connects by TLS and hangs up: what HAProxy has shown. */
async function shake(
  port: number,
  options: ConnectionOptions = {},
): Promise<{ readonly certificate: PeerCertificate; readonly protocol: string; readonly alpn: string }> {
  const socket = connect({ host: "127.0.0.1", port, ca, servername: NAMES[0], ...options });
  try {
    await once(socket, "secureConnect");
    const alpn = socket.alpnProtocol === false ? "" : (socket.alpnProtocol ?? "");
    return { certificate: socket.getPeerCertificate(), protocol: socket.getProtocol() ?? "", alpn };
  } finally {
    socket.destroy();
  }
}

/** The head of the answer to a GET by HTTPS. */
async function ask(port: number, path: string, options: RequestOptions = {}): Promise<IncomingHttpHeaders> {
  const asked = request({ host: "127.0.0.1", port, path, ca, servername: NAMES[0], agent: false, ...options });
  asked.end();
  const [response] = (await once(asked, "response")) as [{ headers: IncomingHttpHeaders; resume(): void }];
  response.resume();
  return response.headers;
}

describe("with HECD_TLS_CERTS, the stock template", () => {
  test("serves each name by its own certificate, and tells the server that it was HTTPS", async () => {
    await using served = await https();
    for (const name of NAMES) {
      expect((await shake(served.port, { servername: name })).certificate.subject.CN).toBe(name);
    }
    await ask(served.port, "/secret");
    await served.world.ask("/clear", { "X-Forwarded-Proto": "https" });
    const [secret, clear] = site.requests.slice(-2).map(({ url, headers }) => [url, headers["x-forwarded-proto"]]);
    expect([secret, clear]).toEqual([
      ["/secret", "https"],
      ["/clear", "http"],
    ]);
  });

  test("speaks HTTP/2 with who can, and HTTP/1.1 with all others", async () => {
    await using served = await https();
    expect((await shake(served.port, { ALPNProtocols: ["h2", "http/1.1"] })).alpn).toBe("h2");
    expect((await shake(served.port, { ALPNProtocols: ["http/1.1"] })).alpn).toBe("http/1.1");
    const session = connectHttp2(`https://127.0.0.1:${served.port}`, { ca, servername: NAMES[0] });
    try {
      const stream = session.request({ ":path": "/", ":authority": NAMES[0] });
      const [headers] = (await once(stream, "response")) as [Readonly<Record<string, unknown>>];
      expect(headers[":status"]).toBe(200);
    } finally {
      session.close();
    }
  });

  test("speaks TLS 1.2 and 1.3, and refuses anything older", async () => {
    await using served = await https();
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const options = { minVersion: version, maxVersion: version };
      expect((await shake(served.port, options)).protocol).toBe(version);
    }
    // So weak that this client would speak it: it is HAProxy that says no.
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    await expect(shake(served.port, old)).rejects.toMatchObject({ code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION" });
  });

  test("takes no cipher without forward secrecy, or without authentication of what it enciphers", async () => {
    await using served = await https();
    for (const ciphers of ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA"]) {
      const options = { maxVersion: "TLSv1.2", ciphers: `${ciphers}:@SECLEVEL=0` } as const;
      await expect(shake(served.port, options), ciphers).rejects.toMatchObject({
        code: expect.stringMatching(/HANDSHAKE_FAILURE/) as string,
      });
    }
  });

  test("shows a client that asks for another name the first certificate, unless HECD_TLS_STRICT is on", async () => {
    const strange = { servername: "c.example.org", rejectUnauthorized: false };
    {
      await using served = await https();
      expect((await shake(served.port, strange)).certificate.subject.CN).toBe(NAMES[0]);
    }
    await using strict = await https({ HECD_TLS_STRICT: "on" });
    await expect(shake(strict.port, strange)).rejects.toThrow();
    expect((await shake(strict.port)).certificate.subject.CN).toBe(NAMES[0]);
  });

  test("redirects what comes in the clear with HECD_HTTPS_REDIRECT, but not what an authority asks", async () => {
    const port = await freePort();
    await using served = await https({
      HECD_HTTPS_BIND: `127.0.0.1:${port}`,
      HECD_HTTPS_REDIRECT: String(port),
      HECD_ACME_SERVER: `127.0.0.1:${authority.port}`,
    });
    const { status, headers } = await served.world.ask("/cart?item=1", { Host: `${NAMES[0]}:8080` });
    expect([status, headers.location]).toEqual([308, `https://${NAMES[0]}:${port}/cart?item=1`]);
    const before = site.requests.length;
    await ask(port, "/cart?item=1");
    expect(site.requests.slice(before).map(({ url }) => url)).toEqual(["/cart?item=1"]);
    const challenge = await served.world.ask("/.well-known/acme-challenge/token", { Host: NAMES[0] });
    expect([challenge.status, challenge.body]).toEqual([200, "authority"]);
  });

  test.each(["true", "8443"])(
    "redirects a service with hecd.http.redirect-https=%s, and no other one",
    async (port) => {
      await using served = await https({}, { "hecd.http.host": NAMES[0], "hecd.http.redirect-https": port });
      await using other = await Site.start("other");
      const labels = { "hecd.service": "web", "hecd.http.host": NAMES[0], "hecd.http.redirect-https": port };
      await served.world.have([
        { name: "web-1", port: site.port, labels },
        other.as({ "hecd.service": "other", "hecd.http.host": NAMES[1] }),
      ]);
      const { status, headers } = await served.world.ask("/cart?item=1", { Host: `${NAMES[0]}:8080` });
      expect([status, headers.location]).toEqual([
        308,
        `https://${NAMES[0]}${port === "true" ? "" : ":8443"}/cart?item=1`,
      ]);
      expect((await served.world.ask("/", { Host: NAMES[1] })).body).toBe("other");
      const before = site.requests.length;
      await ask(served.port, "/cart", { headers: { host: NAMES[0] } });
      expect((await served.world.ask("/.well-known/acme-challenge/token", { Host: NAMES[0] })).status).toBe(200);
      expect(site.requests.slice(before).map(({ url }) => url)).toEqual(["/cart", "/.well-known/acme-challenge/token"]);
    },
  );

  test("redirects no request that has come by HTTPS and waits for a server", async () => {
    const env = await heldEnv("10s");
    const labels = { "hecd.service": "web", "hecd.http.redirect-https": "true" };
    await using served = await https(env, labels);
    const { world } = served;
    await world.haproxy.ask(`set server web/web-1:127.0.0.1:${site.port} state maint`);
    const before = site.requests.length;
    const asked = ask(served.port, "/waits");
    await eventually("a request that waits", async () =>
      (await world.haproxy.ask("show stat web 2 -1")).includes("web,BACKEND,0,0,1,"),
    );
    // What waits goes on by the socket when its process ends: one that has a line of its own comes by a reload everywhere.
    const zone = authority.as({ "hecd.service": "zone", "hecd.balance": "source" });
    const all = [{ name: "web-1", port: site.port, labels }, zone];
    expect(await world.have(all)).toHaveLength(1);
    expect(await asked).not.toHaveProperty("location");
    expect(site.requests.slice(before).map(({ url }) => url)).toEqual(["/waits"]);
  });

  test("leaves out the port that all clients know", async () => {
    await using served = await https({ HECD_HTTPS_REDIRECT: "443" });
    const { headers } = await served.world.ask("/", { Host: NAMES[0] });
    expect(headers.location).toBe(`https://${NAMES[0]}/`);
  });

  test("tells browsers to ask by HTTPS alone with HECD_HSTS, where they do already", async () => {
    await using served = await https({ HECD_HSTS: "31536000" });
    expect((await ask(served.port, "/"))["strict-transport-security"]).toBe("max-age=31536000");
    expect((await served.world.ask("/")).headers).not.toHaveProperty("strict-transport-security");
  });

  test("passes haproxy -c without a warning with all of this", async () => {
    const env = {
      ...{ HECD_TLS_CERTS: certs, HECD_HTTPS_REDIRECT: "443", HECD_HSTS: "60", HECD_TLS_STRICT: "on" },
      ...{ HECD_ACME_SERVER: "127.0.0.1:8888", HECD_STATS_PASSWORD_HASH: "$6$abcdefgh$x", HECD_HTTPS_BIND: ":8443" },
    };
    const { text } = renderKeys(await stockTemplate("haproxy.cfg.hbs"), { "/app/web/a": "10.0.0.1:80" }, env);
    expect(required(/bind :8443 ssl/.exec(text), "place of HTTPS")).toBeDefined();
    expect(await objectionsTo(text)).toBeUndefined();
  });
});
