import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { parseUsers, type UserLists } from "../../src/core/model/users.js";
import { capabilitiesOf } from "../../src/haproxy/runtime/capabilities.js";
import { makeCertificates } from "../support/certificates.js";
import { eventually, staysFor } from "../support/eventually.js";
import { haproxyVersion } from "../support/haproxy.js";
import { heldEnv } from "../support/held-env.js";
import { LabelWorld, Site } from "../support/label-world.js";
import { RecordingUpstreams } from "../support/recording-upstream.js";
import { silentPort } from "../support/silent-port.js";
import { tempDir } from "../support/temp-dir.js";

const run = promisify(execFile);
const capabilities = capabilitiesOf(await haproxyVersion());
const { serverWords } = capabilities;
const STYLES = ["haproxy.cfg.hbs", "haproxy-tcp.cfg.hbs"] as const;

describe.concurrent.each(STYLES)("by the labels of a container, with %s,", (src) => {
  test("HAProxy checks by HTTP at a path, under a name, and takes out who answers badly", async () => {
    await using well = await Site.start("well");
    await using ill = await Site.start("ill");
    ill.answer = (incoming, response) => {
      response.statusCode = incoming.url === "/health" ? 500 : 200;
      response.end("ill");
    };
    const check = { "hecd.check.path": "/health", "hecd.check.interval": "200ms" };
    await using world = await LabelWorld.start([well.as(check), ill.as(check)], { src });
    await eventually("the bad one down", async () => (await world.column("web", "status"))["ill"] === "DOWN");
    expect(new Set(await world.bodies(8))).toEqual(new Set(["well"]));
    expect(ill.checks[0]).toMatchObject({ method: "GET", httpVersion: "1.1", headers: { host: "127.0.0.1" } });

    await world.have([well, ill].map((site) => site.as({ ...check, "hecd.check.host": "shop.example.org" })));
    await eventually("checks by name", () => well.checks.at(-1)?.headers.host === "shop.example.org");
  });

  test("a check has its interval, its time and its numbers in a row", async () => {
    await using slow = await Site.start("slow");
    await using quick = await Site.start("quick");
    slow.answer = (incoming, response) => {
      if (incoming.url !== "/health") response.end("slow");
    };
    const check = { "hecd.check.path": "/health", "hecd.check.interval": "100ms", "hecd.check.timeout": "300ms" };
    const numbers = { "hecd.check.rise": "3", "hecd.check.fall": "4" };
    await using world = await LabelWorld.start([slow.as({ ...check, ...numbers }), quick.as(check)], { src });
    await eventually("many checks", () => quick.checks.length > 10, 4_000);
    await eventually("the slow one down", async () => (await world.column("web", "status"))["slow"] === "DOWN");
    expect((await world.column("web", "check_status"))["slow"]).toMatch(/L7TOUT$/);
    expect(await world.column("web", "check_rise")).toMatchObject({ slow: "3", quick: "2" });
    expect(await world.column("web", "check_fall")).toMatchObject({ slow: "4", quick: "1" });
  });

  test("a container is checked by TCP where it says so, and not at all where that is off", async () => {
    await using site = await Site.start("site");
    site.answer = (incoming, response) => {
      response.statusCode = incoming.url === "/" ? 200 : 500;
      response.end("site");
    };
    const check = { "hecd.check.type": "tcp", "hecd.check.path": "/health", "hecd.check.interval": "100ms" };
    await using world = await LabelWorld.start([site.as(check)], { src });
    await eventually("checks by TCP", async () => (await world.column("web", "check_status"))["site"] === "L4OK");
    await staysFor("nothing but TCP", 500, () => site.checks.length === 0);
    await world.have([site.as({ "hecd.check.type": "off" })]);
    expect(await world.column("web", "check_status")).toMatchObject({ site: "" });
    expect(await world.column("web", "status")).toMatchObject({ site: "no check" });
    expect(await world.bodies(2)).toEqual(["site", "site"]);
  });

  test("servers share the work as the service says", async () => {
    await using a = await Site.start("a");
    await using b = await Site.start("b");
    const by = (balance: string) => [a.as({ "hecd.balance": balance }), b.as({ "hecd.balance": balance })];
    await using world = await LabelWorld.start([a.as(), b.as()], { src });
    expect(new Set(await world.bodies(4))).toEqual(new Set(["a", "b"]));
    for (const balance of ["first", "source"]) {
      await world.have(by(balance));
      expect(new Set(await world.bodies(6)).size, balance).toBe(1);
    }
    await world.have(by("static-rr"));
    expect((await world.bodies(4)).toSorted()).toEqual(["a", "a", "b", "b"]);
    await world.have(by("random"));
    expect(new Set(await world.bodies(40))).toEqual(new Set(["a", "b"]));
    await world.have(by("leastconn"));
    const letGo: (() => void)[] = [];
    const before = b.requests.length;
    a.answer = (_, response) => void letGo.push(() => response.end("a"));
    const asked = Array.from({ length: 12 }, () => world.ask()); // `a` holds some of them
    await eventually("the others answered", () => letGo.length === 12 - b.requests.length + before && letGo.length > 3);
    expect(await world.bodies(3)).toEqual(["b", "b", "b"]); // although the last connections may not be closed yet
    letGo.forEach((answer) => {
      answer();
    });
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(asked.map(() => 200));
    // What needs no reload is not made to need one.
    expect(await world.have([a.as({ "hecd.balance": "leastconn" })])).toEqual([]);
  });

  test("a server gets no more at once than it wants, and the rest waits", async () => {
    await using folder = await tempDir();
    await makeCertificates(folder.path);
    await using upstreams = new RecordingUpstreams(folder.path);
    const upstream = await upstreams.start();
    const labels = { "hecd.service": "web", "hecd.maxconn": "2" };
    await using world = await LabelWorld.start([{ name: "a", port: upstream.port, labels }], { src });
    const answers = await Promise.all(Array.from({ length: 8 }, () => world.ask("/slow")));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(upstream.most).toBe(2);
    const other = await upstreams.start();
    expect(await world.have([upstream, other].map(({ port }, at) => ({ name: `w${at}`, port, labels })))).toEqual([]);
    await eventually("the other one", async () => (await world.ask("/"), other.connections > 0));
    expect((await world.column("web", "slim"))["w1"]).toBe("2");
  });

  test("a server is waited for as long as its service says", async () => {
    await using site = await Site.start("site");
    site.answer = () => undefined;
    const labels = { "hecd.timeout.server": "300ms", "hecd.timeout.connect": "200ms" };
    await using world = await LabelWorld.start([site.as(labels)], { src });
    const { status, tookMs } = await world.ask();
    expect(status).toBe(src === "haproxy.cfg.hbs" ? 504 : 0); // TCP has no words for it
    expect(tookMs).toBeGreaterThan(280);
    expect(tookMs).toBeLessThan(2_000);

    await using silent = await silentPort();
    await world.have([{ ...site.as({ ...labels, "hecd.check.type": "off" }), port: silent.port }]);
    const refused = await world.ask();
    expect(refused.status).toBe(src === "haproxy.cfg.hbs" ? 503 : 0);
    expect(refused.tookMs).toBeGreaterThan(190);
    expect(refused.tookMs).toBeLessThan(2_900); // four tries; a single one takes 3 s where nothing is said
  });

  test("a tunnel ends when it was idle for as long as its service says", async () => {
    await using site = await Site.start("site");
    site.onUpgrade((socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n");
    });
    await using world = await LabelWorld.start([site.as({ "hecd.timeout.tunnel": "400ms" })], { src });
    const socket = connect(world.haproxy.port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n");
    const [said] = (await once(socket, "data")) as [Buffer];
    expect(said.toString()).toContain("101 Switching Protocols");
    const begunAt = performance.now();
    await once(socket, "end");
    expect(performance.now() - begunAt).toBeGreaterThan(300);
    expect(performance.now() - begunAt).toBeLessThan(3_000);
  });

  test("HAProxy speaks TLS to a server of https, and looks at its certificate where it is told to", async () => {
    await using folder = await tempDir();
    await makeCertificates(folder.path);
    await using upstreams = new RecordingUpstreams(folder.path);
    const upstream = await upstreams.start();
    const of = (labels: Readonly<Record<string, string>>, port = upstream.port, name = "a") => ({
      name,
      port,
      labels: { "hecd.service": "web", "hecd.scheme": "https", "hecd.check.path": "/check", ...labels },
    });
    const env = { HECD_SERVER_CA: join(folder.path, "ca.pem") };
    await using world = await LabelWorld.start([of({})], { src, env });
    expect((await world.ask("/", { host: "any.example" })).status).toBe(200);
    expect([...upstream.requests]).toEqual([expect.stringMatching(/TLSv1\.[23] .*HTTP\/1\.1/)]);
    await eventually("checks by TLS", () => [...upstream.checks].every((words) => words.includes("TLSv1")));

    // Another server of the same kind comes without a reload.
    const second = await upstreams.start();
    expect(await world.have([of({}), of({}, second.port, "b")])).toEqual([]);
    await eventually("the second one", async () => (await world.ask(), second.connections > 0));
    expect([...second.requests][0]).toContain("TLSv1");

    const verified = { "hecd.tls.verify": "true", "hecd.tls.sni": "engine", "hecd.check.interval": "200ms" };
    await world.have([of(verified)]);
    await eventually("an answer", async () => (await world.ask()).status === 200);
    // By its first connection, since none is told a name that goes on with a session of another, as one of checks.
    const unchecked = { ...verified, "hecd.check.type": "off" };
    const third = await upstreams.start();
    expect(await world.have([of(verified), of(unchecked, third.port, "c")])).toEqual([]);
    await eventually("the third one", async () => (await world.ask(), third.connections > 0));
    expect([...third.requests][0]).toContain("sni engine");

    const other = { ...verified, "hecd.tls.sni": "other.example" };
    await world.have([of(other)]);
    await eventually("no server", async () => (await world.column("web", "status"))["a"] === "DOWN");
    expect((await world.ask()).status).not.toBe(200);
  });

  test("a certificate of an authority that is not known is refused where it is looked at", async () => {
    await using folder = await tempDir();
    await makeCertificates(folder.path);
    await using upstreams = new RecordingUpstreams(folder.path);
    const { port } = await upstreams.start();
    const labels = { "hecd.service": "web", "hecd.scheme": "https", "hecd.tls.verify": "true" };
    await using world = await LabelWorld.start([{ name: "a", port, labels }], { src });
    expect((await world.ask("/", { host: "engine" })).status).not.toBe(200);
  });

  test("the newest container says it for its service, where several disagree", async () => {
    await using a = await Site.start("a");
    await using b = await Site.start("b");
    const [early, late] = [{ startedAt: "2026-01-01T00:00:00Z" }, { startedAt: "2026-02-01T00:00:00Z" }];
    const elder = a.as({ "hecd.balance": "roundrobin" }, early);
    await using world = await LabelWorld.start([elder, b.as({ "hecd.balance": "first" }, late)], { src });
    expect(new Set(await world.bodies(6)).size).toBe(1);
    await world.have([elder, b.as({ "hecd.balance": "first" }, { startedAt: "2025-01-01T00:00:00Z" })]);
    expect(new Set(await world.bodies(6)).size).toBe(2);
  });

  test("only clients of the addresses that a service allows may use it", async () => {
    await using site = await Site.start("site");
    await using world = await LabelWorld.start([site.as({ "hecd.http.allow": "10.0.0.0/8, 127.0.0.0/8" })], { src });
    expect(await world.bodies(1)).toEqual(["site"]);
    await world.have([site.as({ "hecd.http.allow": "10.0.0.0/8,2001:db8::/32" })]);
    expect((await world.ask()).status).toBe(src === "haproxy.cfg.hbs" ? 403 : 0); // TCP has no words for it
    expect(site.requests).toHaveLength(1);
  });

  test("a check takes the statuses for a success that its service says", async () => {
    await using site = await Site.start("site");
    site.answer = (incoming, response) => {
      response.statusCode = incoming.url === "/health" ? 404 : 200;
      response.end("site");
    };
    const check = { "hecd.check.path": "/health", "hecd.check.interval": "100ms" };
    const of = (status: string) => [site.as({ ...check, "hecd.check.status": status })];
    await using world = await LabelWorld.start(of("200-299,404"), { src });
    await eventually("a check", async () => (await world.column("web", "check_status"))["site"] === "L7OK");
    await world.have(of("200-403"));
    await eventually("it is down", async () => (await world.column("web", "status"))["site"] === "DOWN");
  });

  test("an address makes no more requests than it may in a time, counted anew after a reload", async () => {
    await using site = await Site.start("site");
    const limited = site.as({ "hecd.http.rate": "3/1m" });
    await using world = await LabelWorld.start([limited], { src });
    const refused = src === "haproxy.cfg.hbs" ? 429 : 0; // TCP has no words for it
    const statuses = async (count: number): Promise<readonly number[]> => {
      const seen: number[] = [];
      for (let each = 0; each < count; each++) seen.push((await world.ask()).status);
      return seen;
    };
    expect(await statuses(5)).toEqual([200, 200, 200, refused, refused]);
    expect(site.requests).toHaveLength(3);
    // Servers come and go without one.
    await using other = await Site.start("other");
    expect(await world.have([limited, other.as({ "hecd.http.rate": "3/1m" })])).toEqual([]);
    expect(await statuses(1)).toEqual([refused]);
    expect(await world.have([site.as({ "hecd.http.rate": "2/1m" })])).toHaveLength(1);
    expect(await statuses(3)).toEqual([200, 200, refused]);
  });

  test("a limit and HECD_HOLD go together", async () => {
    await using site = await Site.start("site");
    const env = await heldEnv("5s");
    await using world = await LabelWorld.start([site.as({ "hecd.maxconn": "5" })], { src, env });
    const server = `web/site:127.0.0.1:${site.port}`;
    expect(await world.bodies(1)).toEqual(["site"]);
    await world.haproxy.ask(`set server ${server} state maint`);
    const waiting = [world.ask(), world.ask()];
    await staysFor("nobody is asked", 300, () => site.requests.length === 1);
    await world.haproxy.ask(`set server ${server} state ready`);
    expect((await Promise.all(waiting)).map(({ body }) => body)).toEqual(["site", "site"]);
  });
});

describe.concurrent("by the label hecd.sticky", () => {
  test("a client stays with its server by a cookie, wherever the container moves, and newcomers need no reload", async () => {
    await using a = await Site.start("a");
    await using b = await Site.start("b");
    await using c = await Site.start("c");
    const sticky = { "hecd.sticky": "true" };
    await using world = await LabelWorld.start([a.as(sticky), b.as(sticky)]);
    const first = await world.ask();
    const [cookie = ""] = /^HECD=[a-z0-9]{14}/.exec(first.headers["set-cookie"]?.[0] ?? "") ?? [];
    expect(first.headers["set-cookie"]?.[0]).toContain("HttpOnly");
    const stay = { cookie: `mine=1; ${cookie}` };
    expect(new Set(await world.bodies(8, stay))).toEqual(new Set([first.body]));
    const own = first.body === "a" ? a : b;
    expect(own.requests.at(-1)?.headers.cookie).toBe("mine=1");

    // HAProxy 2.6 has no cookies for servers that come at run time.
    const reasons = await world.have([a.as(sticky), b.as(sticky), c.as(sticky)]);
    expect(reasons).toHaveLength(serverWords.has("cookie") ? 0 : 1);
    expect(new Set(await world.bodies(9, stay))).toEqual(new Set([first.body]));
    expect(new Set(await world.bodies(9))).toEqual(new Set(["a", "b", "c"]));

    // The container of the client's server comes back at the port of another.
    await using moved = await Site.start(first.body);
    moved.answer = (_, response) => void response.end("moved");
    await world.have([...[a, b].filter((site) => site !== own).map((site) => site.as(sticky)), moved.as(sticky)]);
    expect(new Set(await world.bodies(8, stay))).toEqual(new Set(["moved"]));
  });

  test("a connection stays with the server of its address where there is nothing but TCP, through reloads too", async () => {
    await using a = await Site.start("a");
    await using b = await Site.start("b");
    const sticky = (more: Readonly<Record<string, string>> = {}) =>
      [a, b].map((site) => site.as({ "hecd.sticky": "true", ...more }));
    await using world = await LabelWorld.start(sticky(), { src: "haproxy-tcp.cfg.hbs" });
    const [own = ""] = await world.bodies(1);
    expect(new Set(await world.bodies(8))).toEqual(new Set([own]));
    // HAProxy 2.6 forgets it with a reload.
    for (const timeout of capabilities.movesConnections ? ["11s", "12s", "13s"] : []) {
      expect(await world.have(sticky({ "hecd.timeout.server": timeout }))).toHaveLength(1);
      await eventually("what the old process knew", async () =>
        (await world.haproxy.ask("show table web")).includes("127.0.0.1"),
      );
      expect(new Set(await world.bodies(8))).toEqual(new Set([own]));
    }
    await using c = await Site.start("c");
    const last = capabilities.movesConnections ? { "hecd.timeout.server": "13s" } : {};
    expect(await world.have([...sticky(last), c.as({ "hecd.sticky": "true" })])).toEqual([]);
    expect(new Set(await world.bodies(8))).toEqual(new Set([own]));
  });
});

describe.concurrent("by the label hecd.scheme", () => {
  test("HAProxy speaks HTTP/2 in the clear to a server of h2c, to its checks too", async () => {
    await using folder = await tempDir();
    await makeCertificates(folder.path);
    await using upstreams = new RecordingUpstreams(folder.path);
    const [first, second] = [await upstreams.start(), await upstreams.start()];
    const labels = { "hecd.service": "web", "hecd.scheme": "h2c", "hecd.check.path": "/check" };
    const of = (name: string, { port }: { readonly port: number }) => ({ name, port, labels });
    await using world = await LabelWorld.start([of("a", first)]);
    expect((await world.ask()).status).toBe(200);
    const reasons = await world.have([of("a", first), of("b", second)]);
    expect(reasons).toHaveLength(serverWords.has("proto") ? 0 : 1);
    await eventually("the second one", async () => (await world.ask(), second.connections > 0));
    await eventually("checks of both", () => first.checks.size > 0 && second.checks.size > 0);
    for (const { requests, checks } of [first, second]) {
      expect([...requests, ...checks].map((words) => words.includes("HTTP/2.0"))).not.toContain(false);
    }
  });

  test("a check may speak something else than the requests", async () => {
    await using folder = await tempDir();
    await makeCertificates(folder.path);
    await using upstreams = new RecordingUpstreams(folder.path);
    const kinds = [
      { scheme: "https", checked: "http", words: /^HTTP\/1\.1$/ },
      { scheme: "http", checked: "https", words: /TLSv1.*HTTP\/1\.1$/ },
      { scheme: "http", checked: "h2c", words: /^HTTP\/2\.0$/ },
      { scheme: "h2c", checked: "http", words: /^HTTP\/1\.1$/ },
    ];
    const all = await Promise.all(kinds.map(async (kind) => ({ ...kind, upstream: await upstreams.start() })));
    const containers = all.map(({ scheme, checked, upstream: { port } }, at) => ({
      name: `c${at}`,
      port,
      labels: {
        "hecd.service": `s${at}`,
        "hecd.scheme": scheme,
        "hecd.check.scheme": checked,
        "hecd.check.path": "/check",
      },
    }));
    await using world = await LabelWorld.start(containers);
    for (const { upstream, words } of all) {
      await eventually("a check", () => upstream.checks.size > 0);
      for (const each of upstream.checks) expect(each).toMatch(words);
    }
    expect(await world.column("s0", "status")).toMatchObject({ c0: "UP" });
  });
});

describe.concurrent("by the label hecd.http.strip", () => {
  const labels = { "hecd.http.path": "/shop", "hecd.http.strip": "/shop" };

  test("a server gets paths without the prefix, and is told of it", async () => {
    await using shop = await Site.start("shop");
    await using web = await Site.start("web");
    const other = web.as({ "hecd.service": "servers" });
    await using world = await LabelWorld.start([shop.as(labels), other], { env: { HECD_DEFAULT_SERVICE: "servers" } });
    const forged = { "x-forwarded-prefix": "/forged" };
    for (const path of ["/shop", "/shop/", "/shop/shop", "/shop/cart?a=/shop/b"]) await world.ask(path, forged);
    for (const path of ["/shopping", "/other"]) await world.ask(path, forged);
    const seen = ({ requests }: Site) => requests.map(({ url, headers }) => [url, headers["x-forwarded-prefix"]]);
    expect(seen(shop)).toEqual(["/", "/", "/shop", "/cart?a=/shop/b"].map((path) => [path, "/shop"]));
    expect(seen(web)).toEqual(["/shopping", "/other"].map((path) => [path, undefined]));
  });

  test("a request that waits for a server comes to its own service all the same", async () => {
    await using shop = await Site.start("shop");
    await using web = await Site.start("web");
    const all = [shop.as(labels), web.as({ "hecd.service": "servers" })];
    await using world = await LabelWorld.start(all, { env: await heldEnv("10s") });
    const server = `web/shop:127.0.0.1:${shop.port}`;
    await world.haproxy.ask(`set server ${server} state maint`);
    const asked = Array.from({ length: 3 }, () => world.ask("/shop/cart"));
    await eventually("requests that wait", async () =>
      (await world.haproxy.ask("show stat web 2 -1")).includes("web,BACKEND,0,0,3,"),
    );
    // What waits goes on by the socket when its process ends.
    expect(await world.have([...all, web.as({ "hecd.service": "more" }, { name: "more" })])).toHaveLength(1);
    expect((await Promise.all(asked)).map(({ body }) => body)).toEqual(["shop", "shop", "shop"]);
    expect(shop.requests.map(({ url }) => url)).toEqual(["/cart", "/cart", "/cart"]);
  });
});

describe.concurrent("by the labels hecd.headers.*", () => {
  test("requests and answers are given headers to the letter, and others taken away", async () => {
    await using site = await Site.start("site");
    site.answer = (_, response) => {
      response.setHeader("X-Powered-By", "site").setHeader("X-Kept", "kept").end("site");
    };
    const odd = `50% of it's "all" #1, $HOME \${HOME} \\ %[env(HOME)] %H {+Q}; if unless TRUE`;
    const labels = {
      "hecd.headers.request.X-Odd": odd,
      "hecd.headers.request.Accept-Encoding": "",
      "hecd.headers.response.Content-Security-Policy": "default-src 'self'; script-src 'none'",
      "hecd.headers.response.X-Odd": odd,
      "hecd.headers.response.X-Powered-By": "",
    };
    await using world = await LabelWorld.start([site.as(labels)]);
    const { headers } = await world.ask("/", { "x-odd": "mine", "accept-encoding": "gzip" });
    expect(site.requests[0]?.headers).toMatchObject({ "x-odd": odd });
    expect(site.requests[0]?.headers).not.toHaveProperty("accept-encoding");
    expect(headers).toMatchObject({
      ...{ "x-odd": odd, "x-kept": "kept" },
      "content-security-policy": "default-src 'self'; script-src 'none'",
    });
    expect(headers).not.toHaveProperty("x-powered-by");
  });
});

describe.concurrent("by the label hecd.http.auth", () => {
  const authorization = (user: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
  });

  test("a service is for the users of a file alone, and for nobody where there is none", async () => {
    await using site = await Site.start("site");
    await using open = await Site.start("open");
    const hashes = await Promise.all(
      ["-1", "-5", "-6"].map(async (kind) => (await run("openssl", ["passwd", kind, "secret"])).stdout.trim()),
    );
    hashes.push("$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a"); // bcrypt and yescrypt of the same
    hashes.push("$y$j75$abcdefghijkl$v9quvWD9Rf3PZ/Cv69TjY7bBGQJAPdLyZCEDwg21mWD");
    let files: UserLists = { team: parseUsers(hashes.map((hash, at) => `user-${at}:${hash}`).join("\n")) };
    const containers = [
      site.as({ "hecd.http.auth": "team", "hecd.http.path": "/team" }),
      open.as({ "hecd.service": "servers" }),
    ];
    const env = { HECD_DEFAULT_SERVICE: "servers" };
    await using world = await LabelWorld.start(containers, { env, users: () => files });
    const statusFor = async (user: string, password: string): Promise<number> =>
      (await world.ask("/team", authorization(user, password))).status;
    const asked = await world.ask("/team");
    expect([asked.status, asked.headers["www-authenticate"]]).toEqual([401, 'Basic realm="web"']);
    for (const [at] of hashes.entries()) expect(await statusFor(`user-${at}`, "secret")).toBe(200);
    expect([await statusFor("user-0", "Secret"), await statusFor("user-5", "secret")]).toEqual([401, 401]);
    expect(site.requests).toHaveLength(hashes.length);
    expect((await world.ask("/")).body).toBe("open");

    for (const none of [{}, { team: parseUsers("") }, { team: parseUsers("user-0:secret") }]) {
      files = none;
      await world.have(containers);
      expect(await statusFor("user-0", "secret")).toBe(503);
      expect((await world.ask("/")).body).toBe("open");
    }
    expect(site.requests).toHaveLength(hashes.length);
  });
});

test.concurrent("of services that want the same requests the one of the higher priority has them", async () => {
  await using exact = await Site.start("exact");
  await using wide = await Site.start("wide");
  const of = (priority: string) => [
    exact.as({ "hecd.service": "exact", "hecd.http.host": "a.example.org" }),
    wide.as({ "hecd.service": "wide", "hecd.http.host": "*.example.org", "hecd.priority": priority }),
  ];
  await using world = await LabelWorld.start(of("0"));
  expect(await world.bodies(1, { host: "a.example.org" })).toEqual(["exact"]);
  await world.have(of("5"));
  expect(await world.bodies(1, { host: "a.example.org" })).toEqual(["wide"]);
});

test.concurrent("a service of TCP is none that HTTP leads to (hecd.mode)", async () => {
  await using tcp = await Site.start("tcp");
  await using web = await Site.start("web");
  const containers = [tcp.as({ "hecd.service": "a", "hecd.mode": "tcp" }), web.as({ "hecd.service": "b" })];
  await using world = await LabelWorld.start(containers, { env: { HECD_DEFAULT_SERVICE: "b" } });
  expect(await world.bodies(3)).toEqual(["web", "web", "web"]);
  expect(await world.haproxy.ask("show backend")).not.toMatch(/^a$/m);
});

test.concurrent("what traefik's and registrator's labels say is done alike", async () => {
  await using a = await Site.start("a");
  await using b = await Site.start("b");
  const traefik = (port: string) => `traefik.http.services.web.loadbalancer.${port}`;
  const labels = {
    [traefik("healthcheck.path")]: "/health",
    [traefik("healthcheck.interval")]: "200ms",
    [traefik("healthcheck.hostname")]: "shop.example.org",
    [traefik("sticky.cookie.name")]: "mine",
    [traefik("server.port")]: "80",
  };
  const registered = { SERVICE_NAME: "other", SERVICE_CHECK_HTTP: "/health", SERVICE_CHECK_INTERVAL: "200ms" };
  await using world = await LabelWorld.start([
    { name: "a", port: a.port, labels },
    { name: "b", port: b.port, labels: registered },
  ]);
  await eventually("checks of both", () => a.checks.length > 2 && b.checks.length > 2);
  expect(a.checks[0]?.headers.host).toBe("shop.example.org");
  const answers = await Promise.all(["web", "other"].map(() => world.ask()));
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(await world.haproxy.ask("show stat web 4 -1")).toMatch(/,[a-z0-9]{14},/);
});
