import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { cpus } from "node:os";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.js";
import type { Hecd } from "../support/hecd.js";
import { Site } from "../support/label-world.js";
import type { Labelled } from "../support/labelled.js";
import { occupiedPort } from "../support/live-haproxy.js";
import { NginxLine } from "../support/nginx-line.js";
import { required } from "../support/required.js";
import { SteadyClient } from "../support/steady-client.js";

type Labels = Readonly<Record<string, string>>;

let line: NginxLine;
let renderer: Hecd;
let one: Site;
let two: Site;
let mark: Site;
const parts: AsyncDisposable[] = [];

beforeAll(async () => {
  line = await NginxLine.start();
  parts.push(line);
  [one, two, mark] = [await Site.start("one"), await Site.start("two"), await Site.start("mark")];
  parts.push(one, two, mark);
  renderer = line.renderer();
});

beforeEach(() => {
  for (const site of [one, two]) site.answer = (_, response) => void response.end(site.name);
});

afterAll(async () => {
  for (const part of parts.reverse()) await part[Symbol.asyncDispose]();
});

const HOST = { "hecd.http.host": "shop.example" };

/** A site as the only container of service `shop` behind a host name. */
const shop = (site: Site, labels: Labels = {}): Labelled => site.as({ "hecd.service": "shop", ...HOST, ...labels });

/** Has these containers be all there are; resolves when nginx serves what was written after them, and by no older worker. */
async function have(containers: readonly Labelled[]): Promise<void> {
  const host = `mark-${process.hrtime.bigint()}.example`;
  await line.have(containers);
  await line.have([...containers, mark.as({ "hecd.service": "mark", "hecd.http.host": host })]);
  await eventually("nginx to serve it", async () => (await line.ask(host)).body === "mark");
  await eventually("no older worker", async () => (await line.activeWorkers()).length === cpus().length);
}

/** Who answers so many requests. */
async function namesOf(host: string, count: number, path = "/"): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (let each = 0; each < count; each++) names.add((await line.ask(host, path)).body);
  return names;
}

describe("with the stock template, nginx", () => {
  test("leads requests by host and path to servers that come and go", async () => {
    const wide = { "hecd.http.host": "shop.example,*.shop.example" };
    const cart = two.as({ "hecd.service": "Shop", ...HOST, "hecd.http.path": "/cart" }); // other than `shop`
    await have([shop(one, wide), cart]);
    expect(await namesOf("shop.example", 4)).toEqual(new Set(["one"]));
    expect(await namesOf("SHOP.example:8080", 1, "/cartoon?/cart")).toEqual(new Set(["one"]));
    expect(await namesOf("www.shop.example", 1, "/cart")).toEqual(new Set(["one"]));
    expect(await namesOf("shop.example", 2, "/cart/new")).toEqual(new Set(["two"]));
    expect(await namesOf("shop.example", 2, "/cart?new")).toEqual(new Set(["two"]));
    expect((await line.ask("other.example")).status).toBe(503);
    await have([shop(one), shop(two)]);
    await eventually("both", async () => (await namesOf("shop.example", 6)).size === 2); // each worker begins with one
    await have([shop(two)]);
    expect(await namesOf("shop.example", 4)).toEqual(new Set(["two"]));
    await have([]);
    expect((await line.ask("shop.example")).status).toBe(503);
  });

  test("leads what no route wants to the default service", async () => {
    await have([{ name: "open", port: two.port }]);
    expect((await line.ask("any.example")).body).toBe("two");
  });

  test("gives a server the path and the headers that its labels say, and a client those of its answer", async () => {
    await have([
      shop(one, {
        "hecd.http.path": "/cart",
        "hecd.http.strip": "/cart",
        "hecd.headers.request.X-Team": `50% of "blue" #1 it's $HOME \\`,
        "hecd.headers.request.Accept-Encoding": "",
        "hecd.headers.response.X-Frame-Options": "DENY $host",
        "hecd.headers.response.X-Powered-By": "",
      }),
    ]);
    one.answer = (_, response) => void response.setHeader("x-powered-by", "app").end("one");
    const { headers } = await line.ask("shop.example", "/cart/a%2Fb/..?c=$1&d", { "accept-encoding": "gzip" });
    expect(headers).toMatchObject({ "x-frame-options": "DENY $host" });
    expect(headers).not.toHaveProperty("x-powered-by");
    const heard = required(one.requests.at(-1), "request");
    expect(heard.url).toBe("/a%2Fb/..?c=$1&d");
    expect(heard.headers).toMatchObject({
      ...{ host: "shop.example", "x-team": `50% of "blue" #1 it's $HOME \\`, "x-forwarded-prefix": "/cart" },
      ...{ "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http" },
    });
    expect(heard.headers).not.toHaveProperty("accept-encoding");
    await line.ask("shop.example", "/cart?x");
    expect(one.requests.at(-1)?.url).toBe("/?x");
  });

  test("lets in who may come, asks a backup when the others are gone, and keeps a client with its server", async () => {
    await have([shop(one, { "hecd.http.allow": "10.0.0.0/8, 2001:db8::/32" })]);
    expect((await line.ask("shop.example")).status).toBe(403);
    await have([shop(one, { "hecd.http.auth": "team" })]);
    expect((await line.ask("shop.example")).status).toBe(503); // there is no folder of users
    await have([shop(one), shop(two, { "hecd.backup": "true" })]);
    expect(await namesOf("shop.example", 6)).toEqual(new Set(["one"]));
    await have([shop(two, { "hecd.backup": "true" })]);
    expect(await namesOf("shop.example", 2)).toEqual(new Set(["two"]));
    await have([shop(one, { "hecd.sticky": "true" }), shop(two, { "hecd.sticky": "true" })]);
    expect((await namesOf("shop.example", 8)).size).toBe(1);
    await have([shop(one, { "hecd.weight": "0" }), shop(two)]);
    expect(await namesOf("shop.example", 6)).toEqual(new Set(["two"]));
  });

  test("asks another server where one cannot be reached", async () => {
    await using gone = await Site.start("gone");
    await have([shop(gone), shop(one)]);
    await gone[Symbol.asyncDispose]();
    for (let each = 0; each < 6; each++) expect((await line.ask("shop.example")).body).toBe("one");
  });

  test("passes on large requests, and a change of the protocol", async () => {
    await have([shop(one, { "hecd.http.host": "shop.example,127.0.0.1" })]);
    one.onUpgrade((socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\nhello");
    });
    const socket = connect(line.port, "127.0.0.1");
    socket.write("GET /chat HTTP/1.1\r\nHost: shop.example\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n");
    let said = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
    await eventually("an answer", () => said.endsWith("hello"));
    expect(said).toMatch(/^HTTP\/1\.1 101 /);
    const closed = once(socket, "close");
    socket.destroy();
    await closed;
    one.answer = (incoming, response) => {
      let bytes = 0;
      incoming.on("data", (chunk: Buffer) => (bytes += chunk.length)).on("end", () => response.end(String(bytes)));
    };
    const asked = { method: "POST", body: Buffer.alloc(3_000_000) };
    const response = await fetch(`http://127.0.0.1:${line.port}/up`, asked);
    expect([response.status, await response.text()]).toEqual([200, "3000000"]);
  });
});

describe("a renderer of nginx's file", () => {
  test("lets no request fail while servers come and go by reloads", async () => {
    const here = { "hecd.http.host": "127.0.0.1" };
    await have([shop(one, here), shop(two, here)]);
    await using client = new SteadyClient(line.port, "/");
    await using other = new SteadyClient(line.port, "/");
    const before = new Set(await line.activeWorkers());
    for (let each = 0; each < 5; each++) {
      await using passing = await Site.start(`passing-${each}`);
      await have([shop(one, here), shop(passing, here)]);
      await eventually("its answers", () => client.latest(10).has(passing.name));
      await have([shop(two, here)]);
    }
    await eventually("an end of the first workers", async () =>
      (await line.activeWorkers()).every((one) => !before.has(one)),
    );
    await eventually("the last one alone", () => [...client.latest(5)].join() === "two");
    expect([...client.takeFailures(), ...other.takeFailures()]).toEqual([]);
  });

  test("leaves the former file where the template makes one that nginx refuses", async () => {
    await have([shop(one)]);
    const [file, template] = [await readFile(line.configPath, "utf8"), await readFile(line.templatePath, "utf8")];
    await writeFile(line.templatePath, template.replace("http {", "http {\n    no_such_directive on;"));
    await renderer.said(/"kind":"rejected".*unknown directive \\"no_such_directive\\"/);
    expect(await readFile(line.configPath, "utf8")).toBe(file);
    expect((await line.ask("shop.example")).body).toBe("one");
    await writeFile(line.templatePath, template);
    await have([shop(two)]);
    expect((await line.ask("shop.example")).body).toBe("two");
  });

  test("takes the former file back where nginx cannot use what `nginx -t` has passed", async () => {
    await have([shop(one)]);
    await using busy = await occupiedPort();
    const [file, template] = [await readFile(line.configPath, "utf8"), await readFile(line.templatePath, "utf8")];
    const more = `server {\n        listen 127.0.0.1:${busy.port};\n    }`;
    await writeFile(line.templatePath, template.replace("\n    server {", `\n    ${more}\n    server {`));
    await renderer.said(/"kind":"rolled-back".*nginx has started no new worker/, 40_000);
    expect(await readFile(line.configPath, "utf8")).toBe(file);
    expect((await line.ask("shop.example")).body).toBe("one");
    await writeFile(line.templatePath, template);
    await have([shop(two)]);
    expect((await line.ask("shop.example")).body).toBe("two");
  });

  test("waits for an nginx that does not run, and has it serve as soon as it does", async () => {
    await have([shop(one)]);
    await line.stopNginx();
    await line.have([shop(two)]);
    await renderer.said(/nginx does not run, as far as /);
    await line.startNginx();
    await eventually("the newest state", async () => (await line.ask("shop.example")).body === "two", 30_000);
  });
});
