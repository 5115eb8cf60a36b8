import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TakeawayFinder } from "../../../src/haproxy/config/takeaway.js";
import { renderKeys, stockTemplate } from "../../support/golden.js";
import { record } from "../../support/records.js";

const HEAD = "global\n  maxconn 10\ndefaults\n  mode http\n";

function textOf(services: readonly string[], more = "", servers = 2): string {
  const lead = services.map((name) => `  use_backend ${name} if { hdr(host) ${name} }\n`).join("");
  const lines = Array.from({ length: servers }, (_, n) => `  server s${n} 10.0.0.1:${n + 1}\n`).join("");
  const backends = services.map((name) => `backend ${name}\n  balance roundrobin\n${lines}`).join("");
  return `${HEAD}frontend f\n  bind :80\n${lead}${more}${backends}`;
}

function withoutItsServers(present: string, wanted: string): string | undefined {
  return new TakeawayFinder().withoutItsServers(present, wanted);
}

/** Without blank lines. */
function solid(text: string): string {
  return text.replace(/^\n/gm, "");
}

describe("a text that only takes backends away", () => {
  test("has them without servers until then, with what leads to them", () => {
    const [before, web] = textOf(["api", "web"]).split("backend web\n");
    const spared = withoutItsServers(textOf(["api", "web"]), textOf(["api"])) ?? "";
    expect(solid(spared)).toBe(`${before ?? ""}backend web\n${(web ?? "").replace(/^ +server .*\n/gm, "")}`);
  });

  test("has the servers of the others as they are wanted", () => {
    const spared = withoutItsServers(textOf(["api", "web"], "", 1), textOf(["api"], "", 3)) ?? "";
    expect(spared.match(/^ +server \S+/gm)).toEqual(["  server s0", "  server s1", "  server s2"]);
    expect(spared).toContain("use_backend web");
  });

  test("keeps their sockets, where requests wait until they come back", () => {
    const held = "  server _held unix@/run/held.sock backup\n";
    const [present, wanted] = [textOf(["api", "web"]) + held, textOf(["api"])];
    const spared = withoutItsServers(present, wanted) ?? "";
    expect(spared.split("backend web\n")[1]?.match(/^ +server .*/gm)).toEqual([held.trimEnd()]);
    expect(withoutItsServers(textOf(["api"]) + held + "backend web\n", textOf(["api"]))).toBeUndefined();
  });

  test("is the same once more when it is what is there", () => {
    const spared = withoutItsServers(textOf(["api", "web"]), textOf(["api"])) ?? "";
    expect(withoutItsServers(spared, textOf(["api"]))).toBe(spared);
  });

  const listen = "listen web\n  bind :81\n  server s0 10.0.0.1:1\n";
  const frontend = "frontend fweb\n  bind :81\n  default_backend web\n";
  const besides = "peers p\n  peer a 10.0.0.1:1\nuserlist u\n  user ann password x\n";
  test.each([
    ["the default of other requests goes with it", textOf(["web"], "  default_backend web\n"), textOf([])],
    [
      "another one becomes the default",
      textOf(["api", "web"], "  default_backend web\n"),
      textOf(["api"], "  default_backend api\n"),
    ],
    [
      "the conditions that led to it go too",
      textOf(["web"], "  acl is_web path /w\n  use_backend web if is_web\n"),
      textOf([]),
    ],
    ["it listens by itself", `${textOf(["api"])}${listen}`, textOf(["api"])],
    ["a frontend of its own goes with it", `${textOf(["api", "web"])}${frontend}`, textOf(["api"])],
    ["its peers and users go with it", `${HEAD}${besides}${listen}`, HEAD],
    ["comments and blanks differ", `${textOf(["api", "web"])}# one\n\n`, `${textOf(["api"])}  # other\n`],
  ])("waits where %s", (_, present, wanted) => {
    const spared = withoutItsServers(present, wanted);
    expect(spared).toMatch(/(backend|listen) web/);
    expect(spared?.split(/^(?:backend|listen) web$/m)[1]).not.toMatch(/^ +server/);
  });
});

describe("a text with a map", () => {
  const mapped = (services: readonly string[], entries: readonly string[]): string => {
    const lines = entries.map((entry) => `#| ${entry}\n`).join("");
    const backends = services.map((name) => `backend ${name}\n  server s0 10.0.0.1:1\n`).join("");
    return `${HEAD}#hecd:map c.a\n${lines}frontend f\n  bind :80\n  use_backend %[path,map(c.a)]\n${backends}`;
  };
  const entriesIn = (text: string | undefined) => text?.match(/(?<=^#\| ).*/gm);

  test("keeps in it what leads to a backend that goes, where requests may wait", () => {
    const present = mapped(["api", "web"], ["/a api", "/b web", "/c api"]);
    const spared = withoutItsServers(present, mapped(["api"], ["/a api", "/c api"]));
    expect(entriesIn(spared)).toEqual(["/a api", "/b web", "/c api"]);
    expect(withoutItsServers(spared ?? "", mapped(["api"], ["/a api", "/c api"]))).toBe(spared);
  });

  test("has all else of it as it is wanted", () => {
    const present = mapped(["api", "web"], ["/a api", "/b web", "/d web"]);
    const spared = withoutItsServers(present, mapped(["api"], ["/a api", "/c api", "/d api"]));
    expect(entriesIn(spared)).toEqual(["/a api", "/b web", "/c api", "/d api"]);
  });

  test("is brought in at once where the order of the others is another one", () => {
    const present = mapped(["api", "web"], ["/a api", "/b web", "/c api"]);
    expect(withoutItsServers(present, mapped(["api"], ["/c api", "/a api"]))).toBeUndefined();
  });
});

describe("a text without the map that led to backends which are gone", () => {
  const by =
    "  http-request set-var(txn.to) path,map_beg(routes)\n  use_backend %[var(txn.to)] if { var(txn.to) -m found }\n";
  const textWith = (names: readonly string[], more = ""): string => {
    const map = `#hecd:map routes\n${names.map((name) => `#| /${name} ${name}\n`).join("")}`;
    const backends = names.map((name) => `backend ${name}\n  server s 10.0.0.1:1\n`).join("");
    return `${HEAD}${names.length > 0 ? map : ""}frontend f\n  bind :80\n${names.length > 0 ? by : ""}${more}  default_backend none\nbackend none\n${backends}`;
  };

  test("has the map until then, with the rules that go by it", () => {
    const present = textWith(["api", "web"]);
    expect(solid(withoutItsServers(present, textWith([])) ?? "")).toBe(present.replace(/^ +server .*\n/gm, ""));
  });

  test("is brought in at once where another rule goes as well", () => {
    expect(withoutItsServers(textWith(["web"], "  http-request deny if { path /x }\n"), textWith([]))).toBeUndefined();
  });

  test("is brought in at once where an entry led to somebody who stays", () => {
    const present = textWith(["web"]).replace("#| /web web\n", "#| /web web\n#| /x none\n");
    expect(withoutItsServers(present, textWith([]))).toBeUndefined();
  });
});

describe("a text is brought in at once", () => {
  const present = textOf(["api", "web"]);
  test.each([
    ["only servers differ", present, textOf(["api", "web"], "", 5)],
    ["nothing differs", present, present],
    ["a backend comes beside the one that goes", present, textOf(["api", "zoo"])],
    ["an option differs as well", present, textOf(["api"]).replace("balance roundrobin", "balance leastconn")],
    ["a rule goes as well", textOf(["api", "web"], "  http-request deny if { path /x }\n"), textOf(["api"])],
    ["a rule comes as well", present, textOf(["api"], "  http-request deny if { path /x }\n")],
    [
      "a condition goes that still has another part",
      textOf(["api", "web"], "  acl own src 10.0.0.1\n  acl own src 10.0.0.2\n  http-request deny unless own\n"),
      textOf(["api"], "  acl own src 10.0.0.1\n  http-request deny unless own\n"),
    ],
    ["the order differs", present, textOf(["api"]).replace(HEAD, "defaults\n  mode http\nglobal\n  maxconn 10\n")],
    ["a frontend goes that leads elsewhere too", `${present}frontend g\n  default_backend api\n`, textOf(["api"])],
    ["something else goes", `${present}resolvers r\n  nameserver a 10.0.0.1:53\n`, textOf(["api"])],
    ["conditions decide what it is", `${present}.if 1\n.endif\n`, textOf(["api"])],
  ])("where %s", (_, before, wanted) => {
    expect(withoutItsServers(before, wanted)).toBeUndefined();
  });
});

describe("whatever services there are", () => {
  const services = fc.subarray(["a", "b", "c", "d"]);

  test("what is spared has all that was there, and the servers that are wanted", () => {
    fc.assert(
      fc.property(services, services, fc.nat(3), fc.nat(3), (before, after, had, has) => {
        const isTaken = after.every((name) => before.includes(name)) && after.length < before.length;
        const spared = withoutItsServers(textOf(before, "", had), textOf(after, "", has));
        expect(spared !== undefined).toBe(isTaken);
        if (spared === undefined) return;
        const skeleton = (text: string): string => text.replace(/^ +server .*\n/gm, "");
        expect(solid(skeleton(spared))).toBe(skeleton(textOf(before)));
        expect(spared.match(/^ +server /gm)?.length ?? 0).toBe(after.length * has);
      }),
    );
  });

  test("is found from text to text as it is between any two", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(services, fc.nat(2)), { minLength: 2 }), fc.nat(1), (states, stay) => {
        const finder = new TakeawayFinder();
        const texts = states.map(([names, servers]) => textOf(names, "", servers));
        for (const [at, text] of texts.entries()) {
          const present = texts[Math.max(0, at - stay)] ?? "";
          expect(finder.withoutItsServers(present, text)).toBe(withoutItsServers(present, text));
        }
      }),
    );
  });
});

describe("the stock template spares the reload for", () => {
  const routed = (service: string) =>
    record({ service, name: service, http: { hosts: [`${service}.example`], paths: [] } });
  const PLAIN = ["/app/servers/a", "192.0.2.1:80"] as const;

  test.each([
    ["the last container without labels", [PLAIN], []],
    ["the last container without labels beside a service with a route", [PLAIN, routed("web")], [routed("web")]],
    ["the last service with a route", [routed("web")], []],
    ["the last service with a route beside containers without labels", [PLAIN, routed("web")], [PLAIN]],
    ["one of two services with routes", [routed("web"), routed("api")], [routed("web")]],
    ["all of them", [PLAIN, routed("web"), routed("api")], []],
  ] as const)("%s", async (_, before, after) => {
    const template = await stockTemplate("haproxy.cfg.hbs");
    for (const env of [{}, { HECD_HOLD: "10s" }, { HECD_DEFAULT_SERVICE: "web" }]) {
      const [present, wanted] = [before, after].map(
        (keys) => renderKeys(template, Object.fromEntries(keys), { HECD_SERVER_STATE: "off", ...env }).text,
      ) as [string, string];
      const spared = withoutItsServers(present, wanted);
      expect(spared, JSON.stringify(env)).toBeDefined();
      expect(withoutItsServers(spared ?? "", wanted)).toBe(spared);
    }
  });
});
