import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SERVICES } from "../../../src/core/model/keys.js";
import { applyChanges, type KeyChange, snapshotOf } from "../../../src/core/model/snapshot.js";
import { UNSAID } from "../../../src/core/view/common-settings.js";
import { servicesOf, type View } from "../../../src/core/view/view.js";
import { record } from "../../support/records.js";

const HTTP = [
  { hosts: ["a.example"], paths: [] },
  { hosts: ["b.example"], paths: ["/b"], sticky: true },
  { hosts: ["a.example"], paths: [], balance: "leastconn" as const },
];

type Entries = Iterable<readonly [string, string]>;

const view = (entries: Entries) => servicesOf(snapshotOf(1n, entries));

/** `service: server server` per service, with nothing left out. */
function serversOf(entries: Entries): readonly string[] {
  const { services, leftOut } = view(entries);
  expect(leftOut).toEqual([]);
  return services.map(({ name, servers }) => [`${name}:`, ...servers.map((server) => server.name)].join(" "));
}

function reasonsOf(entries: Entries): readonly string[] {
  return view(entries).leftOut.map(({ reason }) => reason);
}

describe("the view of simple keys", () => {
  test("takes the last two parts of a key for service and server", () => {
    expect(
      serversOf([
        ["/app/servers/lonely_meitner", "192.168.1.22:49172"],
        ["/app/servers/berserk_hopper", "192.168.1.22:49170"],
        ["/blog/web/x", "[2001:db8::5]:80"],
        ["/web/y", "10.0.0.1:80"],
      ]),
    ).toEqual([
      "servers: berserk_hopper:192.168.1.22:49170 lonely_meitner:192.168.1.22:49172",
      "web: x:2001:db8::5:80 y:10.0.0.1:80",
    ]);
  });

  test("gives a server everything that a template needs", () => {
    expect(view([["/app/servers/six", "[2001:db8::5]:80"]]).services).toEqual([
      {
        name: "servers",
        hosts: [],
        paths: [],
        hold: "",
        mode: "",
        balance: "",
        sticky: false,
        ...{
          strip: "",
          stripLength: 0,
          allow: "",
          priority: 0,
          tcp: { port: 0, sni: [], isTls: false },
          isMaintained: false,
          maintenancePage: "",
          redirectPort: 0,
          auth: "",
          hasUsers: false,
          hasRules: false,
        },
        rate: { requests: 0, time: "" },
        headers: { request: [], response: [] },
        check: { isHttp: false, path: "/", host: "", timeout: "", status: "" },
        timeouts: { connect: "", server: "", tunnel: "" },
        isLimited: false,
        isVerified: false,
        servers: [
          {
            name: "six:2001:db8::5:80",
            container: "six",
            addr: "[2001:db8::5]:80",
            ip: "2001:db8::5",
            port: 80,
            weight: 100,
            backup: false,
            scheme: "http",
            tls: undefined,
            isH2c: false,
            maxconn: 0,
            sendProxy: "",
            cookie: "",
            tags: [],
            meta: {},
            check: {
              ...{ type: "", path: "", interval: "", timeout: "", rise: 0, fall: 0 },
              ...{ isOff: false, sni: "", isTls: false, isClear: false, proto: "" },
            },
          },
        ],
      },
    ]);
  });

  test.each([
    "",
    "10.0.0.1",
    "10.0.0.1:0",
    "10.0.0.1:65536",
    "10.0.0.1:080",
    "10.0.0.1:+80",
    "10.0.0.1:80 backup",
    "10.0.0.1:80\n",
    "10.0.0.1:80\nserver evil 6.6.6.6:6",
    "010.0.0.1:80",
    "10.1:80",
    "localhost:80",
    "2001:db8::5:80",
    "[10.0.0.1]:80",
    "[fe80::1%eth0]:80",
    "unix@/var/run/docker.sock",
    "abns@x",
    "fd@3",
    "${HOME}:80",
    "10.0.0.1:80#",
    '"10.0.0.1":80',
    "10.0.0.1:80\\",
    '{"v":1}',
  ])("leaves out the value %j and says why", (value) => {
    const { services, leftOut } = view([
      ["/app/servers/bad", value],
      ["/app/servers/good", "10.0.0.2:80"],
    ]);
    expect(services.flatMap(({ servers }) => servers.map(({ container }) => container))).toEqual(["good"]);
    expect(leftOut).toEqual([{ key: "/app/servers/bad", reason: "the value is not ip:port" }]);
  });

  test.each(["0.0.0.0:80", "[::]:80", "[0:0:0:0:0:0:0:0]:80"])(
    "leaves out %s, which HAProxy takes for any",
    (value) => {
      expect(reasonsOf([["/app/servers/a", value]])).toEqual([expect.stringContaining("is the address of no server")]);
    },
  );

  test.each([
    "/app/servers/a b",
    "/app/servers/-a",
    "/app/servers/a#",
    `/app/servers/${"x".repeat(64)}`,
    "/app/servers/",
  ])("leaves out the key %j, which makes no name of a server", (key) => {
    expect(reasonsOf([[key, "10.0.0.1:80"]])).toEqual([expect.stringContaining("name must be")]);
  });

  test("leaves out a key that has no service", () => {
    expect(reasonsOf([["/alone", "10.0.0.1:80"]])).toEqual(["not of the form <prefix>/<service>/<name>"]);
  });

  test("leaves out the second of two names for one address", () => {
    const { services, leftOut } = view([
      ["/app/servers/a", "10.0.0.1:80"],
      ["/app/servers/b", "10.0.0.1:80"],
    ]);
    expect(services[0]?.servers.map(({ container }) => container)).toEqual(["a"]);
    expect(leftOut).toEqual([{ key: "/app/servers/b", reason: "10.0.0.1:80 is registered by /app/servers/a already" }]);
  });

  test("keeps servers of one name on two hosts apart, and names none anew when another comes", () => {
    const one = ["/a/web/web-1", "10.0.0.1:80"] as const;
    const other = ["/b/web/web-1", "10.0.0.2:80"] as const;
    expect(serversOf([one])).toEqual(["web: web-1:10.0.0.1:80"]);
    expect(serversOf([one, other])).toEqual(["web: web-1:10.0.0.1:80 web-1:10.0.0.2:80"]);
  });
});

describe("the view of records", () => {
  test("has a service in maintenance where somebody has put it there and nobody serves it elsewhere", () => {
    const closed = record({ name: "a", port: 1, state: "draining", maintenance: true });
    const isMaintained = (...records: readonly (readonly [string, string])[]) =>
      view(records).services.map((service) => service.isMaintained);
    expect(isMaintained(closed)).toEqual([true]);
    expect(isMaintained(closed, record({ name: "b", port: 2, state: "draining", drained: true }))).toEqual([true]);
    expect(isMaintained(closed, record({ name: "b", port: 2, host: "node2" }))).toEqual([false]);
    expect(isMaintained(record({ name: "b", port: 2, state: "draining", drained: true }))).toEqual([false]);
  });

  test("takes weight, backup, hosts and paths from them", () => {
    const { services, leftOut } = view([
      record({ name: "a", port: 1, weight: 7, backup: true, http: { hosts: ["Shop.Example"], paths: ["/cart/"] } }),
      record({ name: "b", port: 2, http: { hosts: ["*.example"], paths: ["/", "/cart"] } }),
    ]);
    expect(leftOut).toEqual([]);
    expect(services).toMatchObject([
      {
        name: "web",
        hosts: ["*.example", "shop.example"],
        paths: ["/", "/cart"],
        servers: [
          { name: "a:10.0.0.5:1", weight: 7, backup: true },
          { name: "b:10.0.0.5:2", weight: 100, backup: false },
        ],
      },
    ]);
  });

  test("holds requests as long as any record of the service asks for, whichever state it is in", () => {
    const entries = [
      record({ name: "a", port: 1, hold: "1500ms" }),
      record({ name: "b", port: 2, hold: "2s", state: "down" }),
      record({ name: "c", port: 3, hold: "0ms" }),
      record({ service: "brief", name: "d", port: 4, hold: "0ms" }),
      ["/app/plain/e", "10.0.0.5:5"] as const,
    ];
    expect(view(entries).services.map(({ name, hold }) => [name, hold])).toEqual([
      ["brief", "0ms"],
      ["plain", ""],
      ["web", "2s"],
    ]);
  });

  test("lets the newest record that says something of its service say it, and tells what does not hold", () => {
    const at = (name: string, port: number, startedAt: string, more: Parameters<typeof record>[0]) =>
      record({ name, port, container: { id: "1", image: "web", startedAt }, ...more });
    const http = { hosts: [], paths: [] };
    const entries = [
      at("a", 1, "2026-03-01T00:00:00Z", { http: { ...http, balance: "leastconn" } }),
      at("b", 2, "2026-01-01T00:00:00Z", { http: { ...http, balance: "source", sticky: true } }),
      at("c", 3, "2026-02-01T00:00:00Z", { http: { ...http, balance: "source" }, timeouts: { server: "7s" } }),
      at("d", 4, "no time", { check: { type: "http", path: "/health" } }),
    ];
    const { services, leftOut } = view(entries);
    expect(services).toMatchObject([
      {
        balance: "leastconn",
        sticky: true,
        timeouts: { server: "7s", connect: "" },
        check: { isHttp: true, path: "/health" },
      },
    ]);
    expect(leftOut).toEqual([
      {
        key: "/hecd/v1/services/web/node1:c:80",
        reason:
          "not used for its service is balance source, since node1:a:80 is newer and says leastconn; so it is with 1 more records",
      },
    ]);
    expect(services).toEqual(view(entries.toReversed()).services);
  });

  test("gives the servers of a sticky service words for clients, which stay when a container moves", () => {
    const at = (port: number) => record({ name: "a", port, http: { hosts: [], paths: [], sticky: true } });
    const cookieOf = (entries: Entries) => view(entries).services[0]?.servers[0]?.cookie;
    expect(cookieOf([at(1)])).toMatch(/^[a-z0-9]{14}$/);
    expect(cookieOf([at(2)])).toBe(cookieOf([at(1)]));
    expect(cookieOf([record({ name: "b", http: { hosts: [], paths: [], sticky: true } })])).not.toBe(cookieOf([at(1)]));
    expect(cookieOf([record({ name: "a" })])).toBe("");
  });

  test("merges a record and its simple key into one server, which the record describes", () => {
    const entries = [["/app/web/web-1", "10.0.0.5:32768"] as const, record({ weight: 7 })];
    expect(serversOf(entries)).toEqual(["web: web-1:10.0.0.5:32768"]);
    expect(view(entries).services[0]?.servers[0]?.weight).toBe(7);
  });

  test.each(["draining", "maint", "down"] as const)(
    "keeps a service whose only instance is %s, without a server",
    (state) => {
      const entries = [record({ state, http: { hosts: ["a.example"], paths: [] } })];
      expect(view(entries)).toEqual({
        services: [{ name: "web", servers: [], hosts: ["a.example"], paths: [], hold: "", ...UNSAID }],
        leftOut: [],
      });
    },
  );

  test("believes a record that says down before a simple key that is still there", () => {
    expect(serversOf([["/app/web/web-1", "10.0.0.5:32768"], record({ state: "draining" })])).toEqual(["web:"]);
  });

  test("gives an address to the instance that is up, not to one that had it before", () => {
    const entries = [record({ name: "a-old", state: "down" }), record({ name: "b-new" })];
    expect(serversOf(entries)).toEqual(["web: b-new:10.0.0.5:32768"]);
  });

  test.each([2, 10])("takes from a record of version %i nothing but the address", (v) => {
    const [key] = record();
    const value = (addr: string) => JSON.stringify({ v, addr, weight: "heavy" });
    expect(serversOf([[key, value("10.0.0.9:80")]])).toEqual(["web: web-1:10.0.0.9:80"]);
    expect(reasonsOf([[key, value("10.0.0.9:80\n")]])).toEqual(["the value is not ip:port"]);
  });

  test("refuses a record that stands under the key of another service", () => {
    const [, value] = record({ service: "bank" });
    expect(reasonsOf([[`${SERVICES}/web/node1:web-1:80`, value]])).toEqual(["the record belongs to another key"]);
  });

  test.each([
    ["not JSON", "not an instance: not JSON"],
    ["{}", /^not an instance: v: /],
    [record()[1].replace('"weight":100', '"weight":"1 backup"'), /^not an instance: weight: /],
    [record()[1].replace("10.0.0.5:32768", "6.6.6.6:6"), "not an instance: addr: differs from ip and port"],
  ])("leaves out the value %j", (value, reason) => {
    expect(reasonsOf([[record()[0], value]])).toEqual([expect.stringMatching(reason)]);
  });

  test("leaves out what is UDP and what is no record's key", () => {
    expect(reasonsOf([record({ proto: "udp" })])).toEqual(["HAProxy serves TCP only"]);
    expect(reasonsOf([[`${SERVICES}/web`, "x"]])).toEqual([expect.stringContaining("not of the form")]);
  });

  test("does not take claims for servers", () => {
    expect(view([["/hecd/v1/agents/node1", "{}"]])).toEqual({ services: [], leftOut: [] });
  });
});

describe("every view", () => {
  const part = fc.constantFrom("a", "b", "web", "x y", "", "-", "hecd");
  const key = fc.array(part, { maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
  const value = fc.oneof(fc.constantFrom("10.0.0.1:80", "10.0.0.2:80", "[::1]:1", "bad", record()[1]), fc.string());
  const entries = fc.array(fc.oneof(fc.tuple(key, value), fc.constantFrom(record(), record({ state: "down" }))));

  test("is the same whatever the order in which keys came", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name }), (pairs) => {
        expect(view([...pairs].reverse())).toEqual(view(pairs));
      }),
    );
  });

  test("is the same whatever was seen before it", () => {
    const edit = fc.tuple(
      fc.oneof(fc.tuple(key, value), fc.constantFrom(record(), record({ state: "down" }))),
      fc.boolean(),
    );
    fc.assert(
      fc.property(entries, fc.array(fc.array(edit, { maxLength: 3 }), { maxLength: 8 }), (first, turns) => {
        const present = new Map(first);
        let view: View | undefined;
        for (const edits of [[], ...turns]) {
          for (const [[name, text], isPut] of edits) {
            if (isPut) present.set(name, text);
            else present.delete(name);
          }
          const snapshot = snapshotOf(1n, present);
          view = servicesOf(snapshot, view);
          expect(view).toEqual(servicesOf(snapshot));
        }
      }),
    );
  });

  test("is the same whatever changes of keys have led to it", () => {
    const seldom = <Value>(...values: readonly Value[]) =>
      fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...values) });
    const one = fc.record({
      name: fc.constantFrom("one", "two", "three"),
      ip: fc.constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3"),
      state: fc.constantFrom(...(["up", "up", "up", "draining"] as const)),
      http: seldom(...HTTP),
      hold: seldom("10s"),
      maxconn: seldom(5),
    });
    const put = fc
      .oneof(
        one.map((fields) => record(fields)),
        fc.tuple(fc.constantFrom("/app/web/one", "/app/web/four", "/app/db/one", "/app/bad"), value),
      )
      .map(([name, text]): KeyChange => ({ kind: "put", key: name, value: text }));
    const end = put.map(({ key: name }): KeyChange => ({ kind: "delete", key: name }));
    const turn = fc.array(fc.oneof(put, put, end), { maxLength: 3 });
    fc.assert(
      fc.property(fc.array(put, { maxLength: 5 }), fc.array(turn, { maxLength: 8 }), (first, turns) => {
        let snapshot = snapshotOf(1n, []);
        let view: View | undefined;
        for (const [at, changes] of [first, ...turns].entries()) {
          snapshot = applyChanges(snapshot, changes, BigInt(at));
          if (at % 3 === 1) continue; // not every state is seen
          view = servicesOf(snapshot, view);
          expect(view).toEqual(servicesOf(snapshotOf(1n, snapshot.entries)));
        }
      }),
    );
  });

  test("has unique names in order, and unique addresses in each service", () => {
    fc.assert(
      fc.property(entries, (pairs) => {
        const { services } = view(pairs);
        for (const list of [services, ...services.map(({ servers }) => servers)]) {
          const names = list.map(({ name }) => name);
          expect(names).toEqual([...new Set(names)].sort());
        }
        for (const { servers } of services) {
          expect(new Set(servers.map(({ addr }) => addr)).size).toBe(servers.length);
        }
      }),
    );
  });
});

test("a template sees what a record says of its server, as far as it is one word", () => {
  const { services } = view([
    record({
      tags: ["blue", "two words", "%[env(X)]", 'a"b'],
      meta: { region: "eu", note: "see the wiki", rule: "Host(`a.org`)" },
      check: { type: "http", path: "/health", interval: "5s", rise: 2 },
      http: { hosts: [], paths: [], scheme: "https" },
    }),
  ]);
  expect(services[0]?.servers).toMatchObject([
    {
      scheme: "https",
      tags: ["blue"],
      meta: { region: "eu" },
      check: { type: "http", path: "/health", interval: "5s", rise: 2 },
    },
  ]);
  expect(Object.keys(services[0]?.servers[0]?.meta ?? {})).toEqual(["region"]);
});
