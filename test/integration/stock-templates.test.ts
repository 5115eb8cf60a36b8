import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type RequestListener } from "node:http";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SERVICES } from "../../src/core/model/keys.js";
import { snapshotOf } from "../../src/core/model/snapshot.js";
import { parseUsers } from "../../src/core/model/users.js";
import { routingOf } from "../../src/core/view/route-map.js";
import { nameRoutesOf, tcpServicesOf, withNamedTcp } from "../../src/core/view/tcp-services.js";
import { servicesOf } from "../../src/core/view/view.js";
import { carriedFiles } from "../../src/haproxy/config/maps.js";
import { askSocket } from "../../src/edges/haproxy/socket.js";
import { makeCertificateFolder } from "../support/certificates.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { goldenCases, renderKeys, stockTemplate } from "../support/golden.js";
import { objectionsTo, runHaproxy } from "../support/haproxy.js";
import { heldEnv } from "../support/held-env.js";
import { record } from "../support/records.js";
import { required } from "../support/required.js";
import { tempDir } from "../support/temp-dir.js";

let directory: Awaited<ReturnType<typeof tempDir>>;
let certs: string;

beforeAll(async () => {
  directory = await tempDir();
  certs = await makeCertificateFolder(directory.path, { "shop.pem": "shop.example.org" });
});

afterAll(async () => {
  await directory[Symbol.asyncDispose]();
});

/** A header that is set to all that could mean something, and one that is taken away. */
const HEADERS = { "x-odd": `50% of it's "all" #1 \\ $HOME \${HOME} %[env(HOME)] %{+Q}o {{a}}`, server: "" };

/** Files of users; one is named as services are, so that services are found to name it. */
const USERS = Object.fromEntries(
  ["team", "web"].map((file) => [file, parseUsers(`ann:$6$hecd$${"a".repeat(86)}\nbob:$2y$05$${"b".repeat(53)}`)]),
);

const TEMPLATES = ["haproxy.cfg.hbs", "haproxy-tcp.cfg.hbs"] as const;
const cases = await goldenCases();

describe("haproxy -c accepts without a warning", () => {
  test.each(cases)("test/golden/$name/haproxy.cfg", async ({ expected }) => {
    expect(await objectionsTo(await readFile(expected, "utf8"))).toBeUndefined();
  });

  for (const template of TEMPLATES) {
    test.each([0, 1, 1_000])(`${template} with %i servers`, async (count) => {
      const keys = Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`/app/servers/c${index}`, `10.0.${index >> 8}.${index & 255}:80`]),
      );
      const { text, leftOut } = renderKeys(await stockTemplate(template), keys);
      expect(leftOut).toEqual([]);
      expect(text.match(/^ {4}server /gm) ?? []).toHaveLength(count);
      expect(await objectionsTo(text)).toBeUndefined();
    });
  }

  for (const template of TEMPLATES) {
    test.each([1, 1_000])(`${template} with %i services that have all labels there are`, async (count) => {
      const algorithms = ["roundrobin", "leastconn", "static-rr", "first", "source", "random"] as const;
      const schemes = ["https", "h2c", "http"] as const;
      const records = Array.from({ length: count }, (_, index) =>
        record({
          ...{ service: `s${index}`, name: `c${index}`, port: 1_000 + index, maxconn: 5, backup: index % 5 === 0 },
          timeouts: { connect: "1s", server: "2s", tunnel: "3s" },
          tls: { verify: index % 2 === 0, sni: "shop.example.org" },
          ...(index % 3 === 0
            ? { mode: "tcp", tcp: { port: 20_000 + index, sni: [`s${index}.x`, "*.y"], tls: true } }
            : {}),
          proxyProtocol: index % 2 === 0 ? "v1" : "v2",
          http: {
            ...{ hosts: [`h${index}.example.org`], paths: ["/a"], sticky: true },
            ...{
              strip: "/a",
              allow: Array.from({ length: 48 }, (_, at) => `2001:db8:0:${at}::/64`),
              priority: index % 9,
            },
            ...{ redirectHttps: 443, rate: "100/10s", auth: "team", headers: { request: HEADERS, response: HEADERS } },
            ...{ scheme: schemes[index % 3], balance: algorithms[index % 6] },
          },
          check: {
            ...{ type: "http", path: "/health?a=%41", interval: "7s", timeout: "900ms", rise: 3, fall: 4 },
            ...{ status: "200-299,301,404" },
            ...{ scheme: schemes[index % 2], host: "shop.example.org" },
          },
        }),
      );
      const named = records.map((_, index) => `s${index}=127.0.0.1:${20_000 + index}`).join(",");
      const env = {
        ...(template === "haproxy.cfg.hbs"
          ? { HECD_TCP_PORTS: "127.0.0.1:20000-21000" }
          : { HECD_TCP_SERVICES: named }),
        ...{ HECD_TLS_CERTS: certs, HECD_SNI_BIND: ":9443", HECD_ACCEPT_PROXY: "10.0.0.0/8 2001:db8::/32" },
        ...{ HECD_TRUSTED_PROXIES: "10.0.0.0/8", HECD_HAPROXY_CHROOT: directory.path },
      };
      const { text, leftOut } = renderKeys(await stockTemplate(template), Object.fromEntries(records), env, USERS);
      expect(leftOut).toEqual([]);
      expect(text.match(/^ {4}server s?c[0-9]/gm) ?? []).toHaveLength(count);
      expect(await objectionsTo(text)).toBeUndefined();
    });
  }

  test("services whose names mean something to HAProxy", async () => {
    const names = [
      "GLOBAL",
      "MASTER",
      "HTTPCLIENT",
      "if",
      "unless",
      "or",
      "from",
      "TRUE",
      "0",
      "1",
      "http",
      "stats",
      "admin",
    ];
    const keys = names.flatMap((service, index) => [
      [`/app/${service}/${service}`, `10.0.0.1:${index + 1}`] as const,
      record({
        service: `${service}.x`,
        name: service,
        port: 100 + index,
        http: { hosts: [`h${index}.x`], paths: ["/if", "/-f"] },
      }),
    ]);
    expect(
      await objectionsTo(renderKeys(await stockTemplate("haproxy.cfg.hbs"), Object.fromEntries(keys)).text),
    ).toBeUndefined();
  });
});

describe("invariant 11: no value from the store can add a directive", () => {
  const nasty = fc.constantFrom(
    "\n", "\r", "\n    server evil 6.6.6.6:6\n", "\nglobal\n    stats socket /tmp/evil.sock level admin\n", " ", "\t", "#", '"', "'", "\\", "\\\n",
    "$", "${HOME}", "$(id)", "%[env(HOME)]", "unix@/var/run/docker.sock", "abns@x", "fd@3", "ipv4@1.2.3.4:1", ";", "<<", "{", "}", "*", "[::]:80", "0.0.0.0:80",
    "10.0.0.1:80 check disabled", "10.0.0.1:80#", "10.0.0.1:+80", "\u0000", "\u2028", "\u00a0", "\u{1f433}", "e\u0301", "x".repeat(5_000), "__proto__", "..", "if", "-f", "{{services}}",
  ); // prettier-ignore
  const plain = fc.constantFrom("web", "api", "a-1", "b.2", "10.0.0.1:80", "10.0.0.2:8080", "[2001:db8::1]:443");
  const hostile = fc.oneof(
    nasty,
    fc.tuple(plain, nasty).map((parts) => parts.join("")),
    fc.tuple(nasty, plain).map((parts) => parts.join("")),
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme" }),
  );
  const harmless = fc.constantFrom<unknown>(
    ...[["10.0.0.0/8", "::1"], ["10.0.0.1 0.0.0.0/0"], ["10.0.0.1", "x"], "/shop"],
    ...[
      "leastconn",
      "source",
      "https",
      "h2c",
      "http",
      "off",
      "/health?a=%41",
      "shop.example.org",
      "7s",
      "1500ms",
      "tcp",
    ],
    ...[true, false, 1, 3, 50, 443, "100/10s", "200-299,404", "x-team", "team", "1/1500ms", HEADERS["x-odd"]],
  );
  const simple = fc
    .tuple(fc.oneof(plain, hostile), fc.oneof(plain, hostile), fc.oneof(plain, hostile))
    .map(([service, name, value]): [string, string] => [`/app/${service}/${name}`, value]);
  /** Where a record has each of the words that labels bring into a line. */
  const SAID = new Map<string, (value: unknown) => Record<string, unknown>>([
    ...["balance", "sticky", "scheme", "strip", "allow", "priority", "redirectHttps", "rate", "auth"].map(
      inside("http", { hosts: ["a.example"], paths: ["/a"] }),
    ),
    ...["type", "path", "host", "interval", "timeout", "rise", "fall", "status"].map(inside("check", { type: "http" })),
    ["header's name", (name) => headed({ [String(name)]: "a" })],
    ["header's value", (value) => headed({ "x-a": value })],
    ...["connect", "server", "tunnel"].map(inside("timeouts", {})),
    ...["verify", "sni"].map(inside("tls", {}, { http: { hosts: [], paths: [], scheme: "https" } })),
    ["mode", (mode) => ({ mode })],
    ...["port", "tls"].map(inside("tcp", {}, { mode: "tcp" })),
    ["tcp.sni", (name) => ({ mode: "tcp", tcp: { sni: [name] } })],
    ["proxyProtocol", (proxyProtocol) => ({ proxyProtocol })],
    ["maxconn", (maxconn) => ({ maxconn })],
  ]);
  const damaged = fc
    .tuple(
      fc.constantFrom(
        "service",
        "name",
        "host",
        "id",
        "addr",
        "ip",
        "port",
        "weight",
        "backup",
        "state",
        "hosts",
        "paths",
        ...SAID.keys(),
      ),
      fc.oneof(plain, hostile, harmless),
      fc.nat(9),
    )
    .map(([field, value, index]): [string, string] => {
      const [key, text] = record({
        name: `c${index}`,
        port: 1_000 + index,
        http: { hosts: ["a.example"], paths: ["/a"] },
      });
      const fields = JSON.parse(text) as Record<string, unknown>; // our own record
      const damage =
        field === "hosts" || field === "paths"
          ? { http: { hosts: ["a.example"], paths: ["/a"], [field]: [value] } }
          : (SAID.get(field)?.(value) ?? { [field]: value });
      const changed: Record<string, unknown> = { ...fields, ...damage };
      return [
        field === "service" || field === "id"
          ? `${SERVICES}/${String(changed["service"])}/${String(changed["id"])}`
          : key,
        JSON.stringify(changed),
      ];
    });
  const store = fc.array(fc.oneof(simple, damaged), { minLength: 5, maxLength: 60 });

  const NAME = "[A-Za-z0-9][A-Za-z0-9_.-]{0,62}";
  const ADDRESS = String.raw`(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9a-fA-F:.]+\]):[1-9][0-9]{0,4}`;
  const PREFIX = "/[A-Za-z0-9._~!&*+,;=:@/-]+";
  const TIME = "[0-9]{1,8}(?:ms|s)";
  const HOST = "[A-Za-z0-9-]{1,63}(?:[.][A-Za-z0-9-]{1,63})*";
  const STATUS = "[1-5][0-9]{2}(?:-[1-5][0-9]{2})?";
  const HEADER = String.raw`(?:set-header [a-z0-9_-]+ (?:[!$&(-\[\]-~]|%%|\\[ #"'\\])+|del-header [a-z0-9_-]+)`;
  const CHECK = `(?: check-ssl verify none)?(?: no-check-ssl)?(?: check-sni ${HOST})?(?: check-proto h[12])?(?: check-send-proxy)?`;
  const VERIFY = String.raw`(?: ssl verify (?:none|required)(?: sni str\(${HOST}\) verifyhost ${HOST})?)?`;
  const SPOKEN = `${VERIFY}(?: proto h2)?`;
  /** The only lines that depend on the store. */
  const FROM_STORE = [
    new RegExp(`^backend ${NAME}$`),
    new RegExp(`^    default_backend ${NAME}$`),
    new RegExp(`^#\\| =?(?:${HOST})?/[A-Za-z0-9._~!&*+,;=:@%/-]* ${NAME}$`),
    new RegExp(
      String.raw`^    http-request set-var\(txn\.service\) var\(txn\.host\),field\(-1,\.,[0-9]+\),concat\(,txn\.path\),map_beg\(haproxy\.cfg\.routes\) unless \{ var\(txn\.service\) -m found \}$`,
    ),
    new RegExp(
      `^    server ${NAME}:[0-9a-fA-F:.]+:[0-9]+ ${ADDRESS}(?: check inter ${TIME} fall [0-9]{1,3} rise [0-9]{1,3}${CHECK})? weight [0-9]{1,3}(?: backup)?${SPOKEN}(?: send-proxy(?:-v2)?)?(?: maxconn [0-9]{1,5})?(?: cookie [a-z0-9]{14})?$`,
    ),
    /^ {4}balance (?:roundrobin|leastconn|static-rr|first|source|random)$/,
    new RegExp(`^    timeout (?:check|connect|server|tunnel) ${TIME}$`),
    new RegExp(
      String.raw`^    http-check send meth GET uri /[A-Za-z0-9._~!&*+,;=:@%?/-]* ver HTTP/1\.1 hdr Host (?:${HOST}|%\[srv_name,field\(2,:\)\])$`,
    ),
    /^ {4}option httpchk$/,
    /^ {4}cookie HECD insert indirect nocache httponly$/,
    /^ {4}# A client says by this cookie with whom it stays; no server sees it\.$/,
    /^ {4}default-server ca-file @system-ca$/,
    new RegExp(String.raw`^peers _clients\.${NAME}$`),
    new RegExp(String.raw`^ {4}peer "\$HAPROXY_LOCALPEER" unix@/run/haproxy/admin\.sock\.clients\.${NAME}$`),
    new RegExp(String.raw`^ {4}stick-table type ipv6 size 100k expire 1h peers _clients\.${NAME}$`),
    new RegExp(
      `^ {4}http-request set-header X-Forwarded-Prefix ${PREFIX} if \\{ path ${PREFIX} \\} \\|\\| \\{ path_beg ${PREFIX} \\}$`,
    ),
    new RegExp(`^ {4}http-request set-path / if \\{ path ${PREFIX} \\}$`),
    new RegExp(`^ {4}http-request set-path %\\[path,bytes\\([0-9]{1,3}\\)\\] if \\{ path_beg ${PREFIX} \\}$`),
    /^ {4}http-request del-header X-Forwarded-Prefix$/,
    /^ {4}# This header is ours to say, where a prefix is taken off\.$/,
    /^ {4}http-request deny deny_status 403 unless \{ src( [0-9a-fA-F:./]+){1,48} \}$/,
    /^ {4}tcp-request content reject unless \{ src( [0-9a-fA-F:./]+){1,48} \}$/,
    /^ {4}stick on src$/,
    new RegExp(String.raw`^ {4}http-request auth realm ${NAME} unless \{ http_auth\(_users\.${NAME}\) \}$`),
    /^ {4}http-request deny deny_status 503 if TRUE$/,
    /^ {4}# There is no such file of users, or nobody in it\.$/,
    new RegExp(String.raw`^userlist _users\.${NAME}$`),
    /^ {4}user [A-Za-z0-9._@+-]+ password \$[A-Za-z0-9./$=,]+$/,
    new RegExp(`^ {4}http-check expect status ${STATUS}(?:,${STATUS})*$`),
    new RegExp(`^ {4}http-(?:request|response) ${HEADER}$`),
    new RegExp(
      String.raw`^ {4}http-request redirect code 308 location https://%\[req\.hdr\(host\),host_only\](?::[0-9]{1,5})?%\[pathq\] unless \{ ssl_fc \} \|\| \{ fe_name _held \} \|\| \{ path_beg /\.well-known/acme-challenge/ \}$`,
    ),
    new RegExp(
      String.raw`^ {4}stick-table type ipv6 size 100k expire ${TIME} store (?:http_req_rate|conn_rate)\(${TIME}\)$`,
    ),
    /^ {4}http-request track-sc0 src unless \{ fe_name _held \}$/,
    /^ {4}http-request deny deny_status 429 if \{ sc0_http_req_rate gt [0-9]{1,7} \}$/,
    /^ {4}# What waits comes in once more, and has been counted\.$/,
    new RegExp(`^listen ${NAME}$`),
    /^ {4}bind :[1-9][0-9]{0,4}(?: ssl crt \S+)?$/,
    /^ {4}tcp-request connection expect-proxy layer4 if \{ src 10\.0\.0\.0\/8 \}$/,
    new RegExp(String.raw`^ {4}use_backend ${NAME} if \{ req\.ssl_sni -i (?:-m end \.)?${HOST} \}$`),
    new RegExp(`^backend _rate\\.${NAME}$`),
    /^ {4}# Who a client is shows later here\. What waits comes in once more, and has been counted\.$/,
    new RegExp(String.raw`^ {4}tcp-request content track-sc0 src table _rate\.${NAME} unless \{ so_name _held \}$`),
    new RegExp(String.raw`^ {4}tcp-request content reject if \{ sc0_conn_rate\(_rate\.${NAME}\) gt [0-9]{1,7} \}$`),
    new RegExp(String.raw`^ {4}tcp-request connection track-sc0 src table _rate\.${NAME}$`),
    new RegExp(String.raw`^ {4}tcp-request connection reject if \{ sc0_conn_rate\(_rate\.${NAME}\) gt [0-9]{1,7} \}$`),
    /^# How many connections each address has made to the service below\.$/,
    /^# A new process learns from the old one which client stays with which server\.$/,
  ];

  test.each(TEMPLATES)("through %s", async (name) => {
    const template = await stockTemplate(name);
    const isHttp = name === "haproxy.cfg.hbs";
    const ports = isHttp
      ? { named: "api=:9001", allowed: "1-65535", others: [] }
      : { named: "web=:9000,api=:9001", allowed: "", others: [] };
    const names = isHttp ? { HECD_SNI_BIND: ":9443", HECD_ACCEPT_PROXY: "10.0.0.0/8" } : {};
    const env = { HECD_TCP_SERVICES: ports.named, HECD_TCP_PORTS: ports.allowed, HECD_TLS_CERTS: certs, ...names };
    // With a route the lines that prepare routing are there, too.
    const bare = renderKeys(
      template,
      Object.fromEntries([record({ state: "down", http: { hosts: ["a.example"], paths: [] } })]),
      env,
    ).text;
    const own = new Set(bare.split("\n"));
    await fc.assert(
      fc.asyncProperty(store, async (entries) => {
        const keys = Object.fromEntries(entries);
        const { text } = renderKeys(template, keys, env, USERS);
        const others = text.split("\n").filter((line) => !own.has(line));
        for (const line of others)
          expect(
            FROM_STORE.some((form) => form.test(line)),
            JSON.stringify(line),
          ).toBe(true);

        const services = withNamedTcp(servicesOf(snapshotOf(1n, Object.entries(keys))).services, ports.named);
        const ofHttp = isHttp ? services.filter(({ mode }) => mode !== "tcp") : [];
        const ofTcp = tcpServicesOf(services, ports, {
          hasCertificates: true,
          listensForNames: isHttp,
          maintained: "maintained",
        }).listed;
        const bound = ofTcp.filter(({ binds }) => binds.length > 0);
        const servers = [...ofHttp, ...ofTcp].reduce((sum, service) => sum + service.servers.length, 0);
        expect(text.match(/^ *server \S+:/gm) ?? []).toHaveLength(servers);
        expect(text.match(/^backend [^_]/gm) ?? []).toHaveLength(ofHttp.length + ofTcp.length - bound.length);
        expect(text.match(/^listen [^_]/gm) ?? []).toHaveLength(bound.length);
        const routing = routingOf(isHttp ? services : []);
        const isRouted = routing.routes.length > 0;
        const names = isHttp ? nameRoutesOf(services).length : 0;
        // Before each way to a service the one to where it is in maintenance.
        const isAnyDefault = isHttp && /^ {4}default_backend [^_]/m.test(text);
        const ways = (isRouted ? 2 : 0) + (isAnyDefault ? 1 : 0) + names;
        expect(text.match(/^ *use_backend /gm) ?? []).toHaveLength(ways);
        expect(text.match(/^#\| /gm) ?? []).toHaveLength(routing.entries.length);
        const carried = carriedFiles(text).map((file) => file.text.match(/^.+$/gm) ?? []);
        const routes = isRouted ? [routing.entries.map(({ key, service }) => `${key} ${service}`)] : [];
        expect(carried).toEqual([[], ...routes]); // nobody is in maintenance
        expect(await objectionsTo(text)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });
});

/** How a record gives requests and answers these headers. */
function headed(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { http: { hosts: ["a.example"], paths: [], headers: { request: headers, response: headers } } };
}

/** How a record says something in one of its parts, by the name of that; see `SAID`. */
function inside(part: string, rest: object, beside: object = {}) {
  return (name: string): readonly [string, (value: unknown) => Record<string, unknown>] => [
    `${part}.${name}`,
    (value) => ({ ...beside, [part]: { ...rest, [name]: value } }),
  ];
}

describe("HAProxy on the stock HTTP configuration", () => {
  test("holds a request until there is a server, and no longer than it was told", async () => {
    await using web = await runServer((incoming, response) => incoming.pipe(response));
    const keys = { "/app/servers/web": `127.0.0.1:${web.port}` };
    const env = await heldEnv("1s");
    expect(await objectionsTo(renderKeys(await stockTemplate("haproxy.cfg.hbs"), keys, env).text)).toBeUndefined();
    await using haproxy = await runStock(keys, env);
    const server = `servers/web:127.0.0.1:${web.port}`;
    await haproxy.command(`set server ${server} state maint`);
    const timed = async () => {
      const begunAt = performance.now();
      return { ...(await haproxy.get("/", {}, "POST")), tookMs: performance.now() - begunAt };
    };
    const tooLate = await timed();
    expect(tooLate.status).toBe(503);
    expect(tooLate.tookMs).toBeGreaterThan(950);
    const early = Array.from({ length: 20 }, timed);
    await eventually("20 requests that wait", async () =>
      (await haproxy.command("show stat servers 2 -1")).includes("servers,BACKEND,0,0,20,"),
    );
    await haproxy.command(`set server ${server} state ready`);
    expect((await Promise.all(early)).map(({ status }) => status)).toEqual(early.map(() => 200));
    expect((await timed()).tookMs).toBeLessThan(500);
  });

  test("takes over what the process before it knew of its servers", async () => {
    await using folder = await tempDir();
    await using web = await runServer((_, response) => response.end("web"));
    const env = { HECD_SERVER_STATE: join(folder.path, "state") };
    const keys = { "/app/servers/web": `127.0.0.1:${web.port}` };
    {
      await using haproxy = await runStock(keys, env);
      expect((await haproxy.get("/", {})).status).toBe(200);
      await haproxy.command(`set server servers/web:127.0.0.1:${web.port} health down`);
      await writeFile(env.HECD_SERVER_STATE, await haproxy.command("show servers state"));
    }
    await using haproxy = await runStock(keys, env);
    expect((await haproxy.get("/", {})).status).toBe(503);
  });

  test("sends each request where its host name and path belong", async () => {
    await using web = await runServer((_, response) => response.end("web"));
    await using shop = await runServer((_, response) => response.end("shop"));
    await using cart = await runServer((_, response) => response.end("cart"));
    const at = (service: string, port: number, hosts: readonly string[], paths: readonly string[]) =>
      record({ service, name: service, ip: "127.0.0.1", port, http: { hosts, paths } });
    const keys = [
      ["/app/servers/web", `127.0.0.1:${web.port}`] as const,
      at("shop", shop.port, ["shop.example", "*.shop.example"], []),
      at("cart", cart.port, [], ["/cart"]),
      record({ service: "gone", name: "gone", state: "down", http: { hosts: ["gone.example"], paths: [] } }),
    ];
    await using haproxy = await runStock(Object.fromEntries(keys));
    const answers = async (host: string, path: string) => (await haproxy.get(path, { host })).body;
    expect(await answers("else.example", "/")).toBe("web");
    expect(await answers("SHOP.example:8080", "/")).toBe("shop");
    expect(await answers("a.b.shop.example", "/x?y=/cart")).toBe("shop");
    expect(await answers("shop.example", "/cart")).toBe("shop");
    expect(await answers("notshop.example", "/cart")).toBe("cart");
    expect(await answers("else.example", "/cart/1?a=b")).toBe("cart");
    expect(await answers("else.example", "/cartoon")).toBe("web");
    // A service without a server answers for itself: its visitors must not land at another one.
    expect((await haproxy.get("/", { host: "gone.example" })).status).toBe(503);
  });

  test("answers 404 to what no service asks for, whatever services there are", async () => {
    await using web = await runServer((_, response) => response.end("web"));
    const [port, others] = [web.port, { hosts: ["shop.example"], paths: [] }];
    const shop = record({ service: "shop", name: "shop", ip: "127.0.0.1", port, http: others });
    for (const keys of [{}, { "/app/web/web": `127.0.0.1:${port}` }, Object.fromEntries([shop])]) {
      await using haproxy = await runStock(keys);
      expect((await haproxy.get("/", { host: "else.example" })).status).toBe(404);
    }
  });

  test("has what no service asks for go to the one that is named, or answers 503 while that is away", async () => {
    await using web = await runServer((_, response) => response.end("web"));
    const env = { HECD_DEFAULT_SERVICE: "web" };
    {
      await using haproxy = await runStock({ "/app/web/web": `127.0.0.1:${web.port}` }, env);
      expect((await haproxy.get("/", { host: "else.example" })).body).toBe("web");
    }
    await using haproxy = await runStock({ "/app/servers/web": `127.0.0.1:${web.port}` }, env);
    expect((await haproxy.get("/", { host: "else.example" })).status).toBe(503);
  });

  test("repeats a request that got no answer only when that is safe", async () => {
    const seen: string[] = [];
    await using silent = await runServer((incoming) => {
      seen.push(incoming.method ?? "");
      incoming.socket.destroy();
    });
    await using haproxy = await runStock({ "/app/servers/silent": `127.0.0.1:${silent.port}` });
    expect((await haproxy.get("/", {}, "POST")).status).toBe(502);
    expect(seen).toEqual(["POST"]);
    await haproxy.get("/", {});
    expect(seen.filter((method) => method === "GET").length).toBeGreaterThan(1);
  });

  test("shows its statistics on loopback, and in public only behind the password", async () => {
    const password = {
      HECD_STATS_USER: "operator",
      HECD_STATS_PASSWORD_HASH: "$5$hecdhecd$Ocf6JvdWPg8IlGRQE0JhNCUhdkycQT9P3WisC1A4.m9",
    };
    const authorization = `Basic ${Buffer.from("operator:secret").toString("base64")}`;
    await using web = await runServer((_, response) => response.end("web"));
    const keys = { "/app/servers/web": `127.0.0.1:${web.port}` };
    {
      await using haproxy = await runStock(keys);
      expect((await haproxy.get("/admin-status", {}, "GET", haproxy.statsPort)).body).toContain(
        `web:127.0.0.1:${web.port}`,
      );
      expect((await haproxy.get("/admin-status", { authorization })).body).toBe("web");
    }
    await using haproxy = await runStock(keys, password);
    expect((await haproxy.get("/admin-status", {})).status).toBe(401);
    expect((await haproxy.get("/admin-status;csv", {})).status).toBe(401);
    expect((await haproxy.get("/admin-status", { authorization: "Basic eDp5" })).status).toBe(401);
    expect((await haproxy.get("/admin-status", { authorization })).body).toContain("Statistics Report for HAProxy");
    expect((await haproxy.get("/admin-status-not", {})).body).toBe("web");
  });
});

/** HAProxy on the rendering of these keys, and a client of it. */
async function runStock(keys: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) {
  const [port, statsPort] = [await freePort(), await freePort()];
  const template = await stockTemplate("haproxy.cfg.hbs");
  let socket = "";
  const haproxy = await runHaproxy((dir) => {
    socket = `${dir}/admin.sock`;
    return renderKeys(template, keys, {
      HECD_HTTP_BIND: `127.0.0.1:${port}`,
      HECD_STATS_BIND: `127.0.0.1:${statsPort}`,
      HECD_HAPROXY_SOCKET: socket,
      HECD_HAPROXY_LOG: "stderr format raw local0 notice",
      ...env,
    }).text;
  });
  return {
    ...haproxy,
    port,
    statsPort,
    command: async (line: string) =>
      required(await askSocket(socket, line, new AbortController().signal), "answer of HAProxy"),
    get: (path: string, headers: Readonly<Record<string, string>>, method = "GET", at = port) =>
      ask(at, path, headers, method),
  };
}

async function runServer(listener: RequestListener) {
  const server = createServer(listener);
  const port = await freePort();
  await once(server.listen(port, "127.0.0.1"), "listening");
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function ask(port: number, path: string, headers: Readonly<Record<string, string>>, method: string) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ host: "127.0.0.1", port, path, method, headers, agent: false }, resolve).on("error", reject).end();
  });
  let body = "";
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, body };
}
