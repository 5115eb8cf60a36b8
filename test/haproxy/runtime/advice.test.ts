import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { reloadReasons } from "../../../src/haproxy/runtime/advice.js";
import { capabilitiesOf } from "../../../src/haproxy/runtime/capabilities.js";
import { goldenCases, renderKeys, stockTemplate } from "../../support/golden.js";
import { keysOf } from "../../support/labelled.js";

const HEAD = "global\ndefaults\n  mode http\n  timeout connect 1s\n";
const reasons = (text: string, version = "3.2.26") => reloadReasons(`${HEAD}${text}`, capabilitiesOf(version));

describe("the reasons why servers cannot change at run time", () => {
  test("are none where they can", () => {
    expect(reasons("backend b\n  server s 10.0.0.1:80\n  server t 10.0.0.2:80 check\n")).toEqual([]);
    expect(reasons("backend b\nlisten l\n  bind :80\n")).toEqual([]);
    expect(reasons("backend b\n  server s 10.0.0.1:80\n  server _held unix@/run/held.sock backup\n")).toEqual([]);
  });

  test("are none of what the stock templates render", async () => {
    for (const { name, expected } of await goldenCases()) {
      expect(reloadReasons(await readFile(expected, "utf8"), capabilitiesOf("3.2.26")), name).toEqual([]);
    }
  });

  test.each([
    ["one word that comes from the file only", "server s 10.0.0.1:80 crt x.pem", /comes.*"crt" of server s/],
    ["an agent", "server s 10.0.0.1:80\n  server t 10.0.0.2:80 agent-check agent-port 9", /"agent-check" of server t/],
    ["a name of the network", "server s web.example:80", /server s has no IP address/],
    ["a variable", 'server s "${WEB}:80"', /server s has variables in it/],
    ["no port", "server s 10.0.0.1", /server s has no port of its own/],
    ["dynamic cookies", "cookie S insert dynamic\n  server s 10.0.0.1:80", /^every change.*dynamic cookies/],
  ])("tell of %s, and of no line that would not help", (_, lines, reason) => {
    const [found, ...others] = reasons(`backend b\n  ${lines}\n`);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ section: "backend b", line: undefined });
    expect(found?.reason).toMatch(reason);
  });

  test("ask for another algorithm where that is all", () => {
    const text = "listen l\n  bind :80\n  balance source\n  server s 10.0.0.1:80\n";
    expect(reasons(text)).toMatchObject([{ section: "listen l", line: "balance roundrobin" }]);
    expect(reasons(text)[0]?.reason).toMatch(/^every change of a server is a reload: its algorithm source/);
    expect(reasons(`${text}  server t x.example:80\n`)).toMatchObject([{ line: undefined }]);
    const inherited = "defaults\n  balance source\nbackend b\n  server s 10.0.0.1:80\n";
    expect(reasons(inherited)).toMatchObject([{ section: "backend b", line: "balance roundrobin" }]);
  });

  test("are told once of all backends that share one", () => {
    const backend = (name: string): string => `backend ${name}\n  server ${name}-1 web.example:80\n`;
    const [found, ...others] = reasons(["a", "b", "c"].map(backend).join(""));
    expect(others).toEqual([]);
    expect(found?.section).toBe("backend a and 2 more");
    expect(found?.reason).toContain("server a-1 has no IP address");
  });

  test("are found in a moment in hundreds of backends", () => {
    const text = Array.from({ length: 500 }, (_, at) => `backend b${at}\n  server s 10.0.0.1:80 crt x.pem\n`).join("");
    expect(reasons(text)).toMatchObject([{ section: "backend b0 and 499 more" }]);
  });

  test("are those of the version", () => {
    expect(reasons("backend b\n  server s 10.0.0.1:80\n", "2.4.22")).toMatchObject([
      { reason: "every change of a server is a reload: HAProxy 2.4.22 does not change servers at run time" },
    ]);
  });

  test("are conditions where there are any", () => {
    expect(reasons("backend b\n.if defined(X)\n  server s 10.0.0.1:80\n.endif\n")).toEqual([
      { section: "the file", line: undefined, reason: expect.stringContaining("(.if)") as string },
    ]);
  });
});

describe.each(["haproxy.cfg.hbs", "haproxy-tcp.cfg.hbs"])("the reasons of what labels have %s write", (src) => {
  const isHttp = src === "haproxy.cfg.hbs";
  const reasonsFor = async (labels: Readonly<Record<string, string>>, version: string) => {
    const containers = ["a", "b"].map((name, at) => ({
      ...{ name, port: 8_001 + at },
      labels: { "hecd.service": "web", ...labels },
    }));
    const env = isHttp ? { HECD_TLS_CERTS: "/etc/haproxy/certs" } : { HECD_TCP_SERVICES: "web=:9000" };
    const { text } = renderKeys(await stockTemplate(src), keysOf(containers), env);
    expect(text).toContain("server b:127.0.0.1:8002");
    return reloadReasons(text, capabilitiesOf(version));
  };
  const section = src === "haproxy.cfg.hbs" ? "backend web" : "listen web";

  test.each(["first", "source", "static-rr"])(
    "ask for another algorithm than hecd.balance=%s, on each version",
    async (balance) => {
      for (const version of ["2.6.12", "3.0.11", "3.2.26", "3.4.7"]) {
        expect(await reasonsFor({ "hecd.balance": balance }, version)).toEqual([
          {
            ...{ section, line: "balance roundrobin" },
            reason: expect.stringMatching(`^every change of a server is a reload: its algorithm ${balance}`) as string,
          },
        ]);
      }
    },
  );

  test.each([
    ["hecd.sticky", "true", /"cookie" of server/],
    ["hecd.scheme", "h2c", /"proto" of server/],
  ])(
    "are on HAProxy 2.6 those of %s=%s, where there is HTTP, and none on later versions",
    async (label, value, reason) => {
      const found = await reasonsFor({ [label]: value }, "2.6.12");
      expect(found).toHaveLength(isHttp ? 1 : 0);
      for (const each of found) {
        expect(each).toMatchObject({ section, line: undefined, reason: expect.stringMatching(reason) as string });
      }
      for (const version of ["3.0.11", "3.2.26", "3.4.7"])
        expect(await reasonsFor({ [label]: value }, version)).toEqual([]);
    },
  );

  test("tell of several servers with hecd.backup, which take turns in the order of the file", async () => {
    for (const version of ["2.6.12", "3.0.11", "3.2.26", "3.4.7"]) {
      expect(await reasonsFor({ "hecd.backup": "true" }, version)).toMatchObject([
        {
          section,
          line: undefined,
          reason: "a server that comes is a reload: the order of its backup servers differs",
        },
      ]);
    }
  });

  test("are none of all other labels, on each version", async () => {
    const labels = {
      ...{ "hecd.scheme": "https", "hecd.tls.verify": "true", "hecd.tls.sni": "shop.example.org" },
      ...{ "hecd.weight": "7", "hecd.maxconn": "50", "hecd.balance": "leastconn" },
      ...{ "hecd.timeout.server": "2m", "hecd.timeout.connect": "1s", "hecd.timeout.tunnel": "1h" },
      ...{ "hecd.check.path": "/health", "hecd.check.host": "shop.example.org", "hecd.check.scheme": "http" },
      ...{ "hecd.check.interval": "2s", "hecd.check.timeout": "1s", "hecd.check.rise": "2", "hecd.check.fall": "3" },
      ...{
        "hecd.check.status": "200-299",
        "hecd.http.strip": "/a",
        "hecd.http.allow": "10.0.0.0/8",
        "hecd.priority": "5",
      },
      ...{ "hecd.http.redirect-https": "true", "hecd.http.rate": "100/10s", "hecd.http.auth": "team" },
      ...{ "hecd.headers.request.x-a": "50% of it", "hecd.headers.response.server": "" },
    };
    for (const version of ["2.6.12", "3.0.11", "3.2.26", "3.4.7"])
      expect(await reasonsFor(labels, version)).toEqual([]);
  });
});
