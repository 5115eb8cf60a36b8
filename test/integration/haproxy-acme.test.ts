import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adviceFor } from "../../src/haproxy/config/lint.js";
import { makeCertificates, makeServerPem } from "../support/certificates.js";
import { blocks, section } from "../support/documents.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { renderKeys, stockTemplate } from "../support/golden.js";
import { haproxyVersion, objectionsTo } from "../support/haproxy.js";
import { LabelWorld, Site } from "../support/label-world.js";
import { Pebble } from "../support/pebble.js";
import { RuntimeWorld } from "../support/runtime-world.js";
import { tempDir } from "../support/temp-dir.js";

const version = Number.parseFloat(await haproxyVersion());
/** Which may ask an authority at all, and which also where there is no certificate yet. */
const [canAsk, canBegin] = [version >= 3.2, version >= 3.4];
const NAMES = "shop.example.org,www.example.org";

let directory: Awaited<ReturnType<typeof tempDir>>;
let site: Site;

beforeAll(async () => {
  directory = await tempDir();
  await makeCertificates(directory.path);
  site = await Site.start("web-1");
});

afterAll(async () => {
  for (const each of [site, directory]) await each[Symbol.asyncDispose]();
});

/** The variables that name an authority, and a folder that is new. */
async function envOf(
  name: string,
  url: string,
): Promise<Readonly<Record<string, string>> & { HECD_TLS_CERTS: string }> {
  const certs = join(directory.path, name);
  await mkdir(certs, { mode: 0o700 });
  const site = { HECD_TLS_CERTS: certs, HECD_HTTPS_BIND: `127.0.0.1:${await freePort()}`, HECD_HTTPS_REDIRECT: "443" };
  const authority = { HECD_ACME_DIRECTORY: url, HECD_ACME_CA: join(directory.path, "ca.pem") };
  return {
    ...site,
    ...authority,
    HECD_ACME_NAMES: ` ${NAMES}  news.example.org`,
    HECD_ACME_CONTACT: "ann@example.org",
  };
}

/** The serial that a client sees who trusts that authority alone. */
async function serialOf(port: number, servername: string, ca: string): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port, ca, servername });
  try {
    await once(socket, "secureConnect");
    return socket.getPeerX509Certificate()?.serialNumber ?? "";
  } finally {
    socket.destroy();
  }
}

describe("with HECD_ACME_DIRECTORY, the stock template", () => {
  if (canBegin) {
    test("has HAProxy get the certificates of all names, which HECD puts on disk and a reload keeps", async () => {
      await using pebble = await Pebble.in(directory.path);
      const env = await envOf("fresh", pebble.url);
      const all = [site.as({ "hecd.service": "web" })];
      await using world = await LabelWorld.start(all, { env });
      await pebble.start(world.haproxy.port);
      const port = Number(env["HECD_HTTPS_BIND"]?.split(":")[1]);
      const path = (name: string): string => join(env.HECD_TLS_CERTS, `${name}.pem`);
      await eventually(
        "certificates on disk",
        async () => {
          await world.have(all);
          return (await Promise.all(["shop", "news"].map((name) => stat(path(`${name}.example.org`))))).length === 2;
        },
        60_000,
      );
      const ca = await pebble.root();
      const onDisk = new X509Certificate(await readFile(path("shop.example.org")));
      expect(onDisk.subjectAltName).toBe("DNS:shop.example.org, DNS:www.example.org");
      expect((await stat(path("shop.example.org"))).mode & 0o777).toBe(0o600);
      expect(await serialOf(port, "www.example.org", ca)).toBe(onDisk.serialNumber);
      const told = world.haproxy.take("certificate-obtained");
      expect(told.map(({ names, failure }) => [names.length, failure]).sort()).toEqual([
        [1, undefined],
        [2, undefined],
      ]);
      expect(JSON.stringify(world.haproxy.told)).not.toContain("PRIVATE");
      // Another process has read it, and asks for no other.
      expect(await world.have([...all, site.as({ "hecd.service": "one", "hecd.balance": "leastconn" })])).toHaveLength(
        1,
      );
      expect(await serialOf(port, "shop.example.org", ca)).toBe(onDisk.serialNumber);
      // What is renewed at once, as it would be in time, is on disk before the process ends that has it.
      await world.haproxy.ask(`acme renew ${path("shop.example.org")}`);
      await eventually(
        "another certificate",
        async () => (await serialOf(port, "shop.example.org", ca)) !== onDisk.serialNumber,
        30_000,
      );
      const renewed = await serialOf(port, "shop.example.org", ca);
      expect(await world.have(all)).toHaveLength(1);
      expect(await serialOf(port, "shop.example.org", ca)).toBe(renewed);
      expect(new X509Certificate(await readFile(path("shop.example.org"))).serialNumber).toBe(renewed);
    });
  }

  test(`passes haproxy -c ${canBegin ? "without a warning" : "once there is a certificate, on none before 3.2"}`, async () => {
    const env = await envOf("checked", "https://127.0.0.1:9/dir");
    const { text } = renderKeys(await stockTemplate("haproxy.cfg.hbs"), { "/app/web/a": "10.0.0.1:80" }, env);
    const before = await objectionsTo(text);
    expect(before === undefined).toBe(canBegin);
    for (const name of ["shop.example.org", "news.example.org"]) {
      await writeFile(join(env.HECD_TLS_CERTS, `${name}.pem`), await makeServerPem(directory.path, name));
    }
    expect((await objectionsTo(text)) === undefined).toBe(canAsk);
  });

  if (!canBegin) {
    test("is refused with words on what to do, and the file before it stays", async () => {
      await using world = await LabelWorld.start([site.as({ "hecd.service": "web" })]);
      const before = await readFile(world.haproxy.haproxy.configPath, "utf8");
      const env = await envOf("refused", "https://127.0.0.1:9/dir");
      const { text } = renderKeys(await stockTemplate("haproxy.cfg.hbs"), { "/app/web/a": "10.0.0.1:80" }, env);
      const outcome = await world.haproxy.apply(text);
      expect(outcome).toMatchObject({
        kind: "rejected",
        output: expect.stringContaining("HECD_ACME_SERVER") as string,
      });
      expect(await readFile(world.haproxy.haproxy.configPath, "utf8")).toBe(before);
    });
  }
});

if (canBegin) {
  test("the lines of the page for a template of one's own replace a certificate that is there", async () => {
    const [lines = ""] = blocks(section("docs/https.md", "HAProxy asks an authority itself"), "acme");
    await using pebble = await Pebble.in(directory.path);
    const { HECD_TLS_CERTS: certs } = await envOf("own", pebble.url);
    const path = join(certs, "shop.example.org.pem");
    await writeFile(path, await makeServerPem(directory.path, "shop.example.org"));
    const httpsPort = await freePort();
    let text = "";
    await using world = await RuntimeWorld.start((port, socket) => {
      text = lines
        .replace("/run/haproxy/admin.sock", socket)
        .replaceAll("/etc/haproxy/certs", certs)
        .replace("expose-", `httpclient.ssl.ca-file ${join(directory.path, "ca.pem")}\n    expose-`)
        .replace(/directory .*/, `directory ${pebble.url}`)
        .replace(/bind :80$/m, `bind 127.0.0.1:${port}`)
        .replace(/bind :443/, `bind 127.0.0.1:${httpsPort}`);
      return text;
    });
    expect(adviceFor(text)).toEqual([]);
    await pebble.start(world.port);
    await world.ask(`acme renew ${path}`);
    await eventually(
      "a certificate of the authority",
      async () => {
        await world.apply(text);
        return world.take("certificate-obtained").length > 0;
      },
      60_000,
    );
    const onDisk = new X509Certificate(await readFile(path));
    expect(await serialOf(httpsPort, "www.example.org", await pebble.root())).toBe(onDisk.serialNumber);
  });
}
