import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UNSAID } from "../../../src/core/view/common-settings.js";
import type { Service } from "../../../src/core/view/server.js";
import {
  nameRoutesOf,
  type TcpPorts,
  tcpServicesOf,
  type TcpSite,
  withNamedTcp,
} from "../../../src/core/view/tcp-services.js";

/** A service whose labels ask for a port; of none where it is 0. */
function service(name: string, port = 0, mode = "tcp"): Service {
  return { name, servers: [], hosts: [], paths: [], hold: "", ...UNSAID, mode, tcp: { port, sni: [], isTls: false } };
}

/** The binds of each service, and who does not get a port and why. */
function outcome(
  services: readonly Service[],
  { named = "", allowed = "", others = [] }: Partial<TcpPorts>,
  site: TcpSite = { hasCertificates: false, listensForNames: false, maintained: "maintained" },
) {
  const { listed, leftOut } = tcpServicesOf(services, { named, allowed, others }, site);
  return {
    binds: Object.fromEntries(listed.map(({ name, binds }) => [name, binds])),
    refused: leftOut.map(({ key, reason }) => `${key}: ${reason}`),
  };
}

describe("the ports of services of TCP", () => {
  test("are those that the environment names, also of a service that is not there, and several of one", () => {
    const named = "redis=127.0.0.1:6379,pg=:5432,pg=[::]:5432,,=:1,odd";
    expect(outcome([service("pg"), service("other")], { named })).toEqual({
      binds: { pg: [":5432", "[::]:5432"], redis: ["127.0.0.1:6379"] },
      refused: [],
    });
  });

  test("are those that labels ask for, where they are allowed and by the address that is said with them", () => {
    const allowed = "6379,127.0.0.1:7000-7999,[::1]:8000-8001,*:9000";
    const asking = [
      ...[service("a", 6_379), service("b", 7_999), service("c", 8_000), service("d", 9_000)],
      ...[service("e", 8_002), service("f", 6_999)],
    ];
    expect(outcome(asking, { allowed })).toEqual({
      binds: { a: [":6379"], b: ["127.0.0.1:7999"], c: ["[::1]:8000"], d: ["*:9000"] },
      refused: [
        "port 8002 of service e: HECD_TCP_PORTS does not allow it",
        "port 6999 of service f: HECD_TCP_PORTS does not allow it",
      ],
    });
  });

  test("are none that labels ask for where nothing is allowed, nor of a service of HTTP", () => {
    expect(outcome([service("a", 6_379)], {}).binds).toEqual({});
    expect(outcome([service("a", 6_379, ""), service("b", 80, "http")], { allowed: "1-65535" })).toEqual({
      binds: {},
      refused: [],
    });
  });

  test("go to the first by name of several that ask for one, and to none where others have it", () => {
    const asking = [service("a", 6_379), service("b", 6_379), service("c", 5_432), service("d", 8_080)];
    const others = [":8080,unix@/run/x", "127.0.0.1:8404"];
    expect(outcome(asking, { named: "pg=:5430-5440 accept-proxy", allowed: "1-65535", others })).toEqual({
      binds: { a: [":6379"], pg: [":5430-5440 accept-proxy"] },
      refused: [
        "port 6379 of service b: service a asks for it as well, and comes first by name",
        "port 5432 of service c: HECD_TCP_SERVICES gives it to service pg",
        "port 8080 of service d: HAProxy listens at :8080,unix@/run/x for others",
      ],
    });
  });

  test("are those alone that the environment names where it names the service", () => {
    expect(outcome([service("pg", 5_000)], { named: "pg=:5432", allowed: "5000" }).binds).toEqual({ pg: [":5432"] });
  });

  test("are none in the clear where labels ask for TLS and there are no certificates", () => {
    const secure = (name: string, port = 0) => ({ ...service(name), tcp: { port, sni: [], isTls: true } });
    const ports = { named: "pg=:5432", allowed: "6379" };
    const without = "it is to be reached by TLS, and HECD_TLS_CERTS names no certificates";
    expect(outcome([secure("pg"), secure("redis", 6_379)], ports)).toEqual({
      binds: {},
      refused: [`port of TCP of service pg: ${without}`, `port 6379 of service redis: ${without}`],
    });
    const site = { hasCertificates: true, listensForNames: false, maintained: "maintained" };
    expect(outcome([secure("pg"), secure("redis", 6_379)], ports, site)).toEqual({
      binds: { pg: [":5432"], redis: [":6379"] },
      refused: [],
    });
  });

  test("are none of a service that names alone lead to, where HAProxy listens for names", () => {
    const named = { ...service("db"), tcp: { port: 0, sni: ["db.example"], isTls: false } };
    expect(outcome([named], {})).toEqual({
      binds: {},
      refused: ["hecd.tcp.sni of service db: HECD_SNI_BIND names no port for that"],
    });
    expect(outcome([named], {}, { hasCertificates: false, listensForNames: true, maintained: "maintained" })).toEqual({
      binds: { db: [] },
      refused: [],
    });
  });

  test.each(["x", "0", "65536", "5-4", "host:80", ":80-", "1.2.3.4:"])("tell of what is no range, as %s", (item) => {
    expect(outcome([service("a", 80)], { allowed: `${item},90` }).refused).toEqual([
      `${item} of HECD_TCP_PORTS: it is no port or range such as 6000-6999`,
      "port 80 of service a: HECD_TCP_PORTS does not allow it",
    ]);
  });

  test("are of two services never the same, and never outside of what is allowed", () => {
    const asking = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 30 });
    const ranges = fc.array(fc.constantFrom("1", "2-5", "10.0.0.1:4-9", ":12"), { maxLength: 4 });
    fc.assert(
      fc.property(asking, ranges, (ports, allowed) => {
        const services = ports.map((port, at) => service(`s${at}`, port));
        const { binds, refused } = outcome(services, { named: "x=:3", allowed: allowed.join() });
        const got = Object.values(binds).map(([bind = ""]) => Number(bind.split(":").at(-1)));
        expect(new Set(got).size).toBe(got.length);
        const isAllowed = (port: number): boolean =>
          (allowed.includes("1") && port === 1) ||
          (allowed.includes("2-5") && port >= 2 && port <= 5) ||
          (allowed.includes("10.0.0.1:4-9") && port >= 4 && port <= 9) ||
          (allowed.includes(":12") && port === 12);
        expect(got.filter((port) => port !== 3 && !isAllowed(port))).toEqual([]);
        expect(got.length - 1 + refused.length).toBe(ports.length);
      }),
    );
  });
});

test("a service that is named as one of TCP is none of HTTP, and the same object as long as it is the same", () => {
  const services = [service("pg", 0, ""), service("web", 0, "")];
  const [pg, web] = withNamedTcp(services, "pg=:5432");
  expect([pg?.mode, web]).toEqual(["tcp", services[1]]);
  expect(withNamedTcp(services, "pg=:5432")[0]).toBe(pg);
  expect(withNamedTcp(services, "")).toBe(services);
});

test("a service of TCP is the same object as long as nothing of it changes", () => {
  const services = [service("pg", 5_432)];
  const site = { hasCertificates: false, listensForNames: false, maintained: "maintained" };
  const listed = (allowed: string) => tcpServicesOf(services, { named: "", allowed, others: [] }, site).listed[0];
  expect(listed("5432")).toBe(listed("5000-6000"));
  expect(listed("127.0.0.1:5432")).not.toBe(listed("5432"));
});

test("names lead to the most exact service, and to the first by name of those that want one name", () => {
  const at = (name: string, ...sni: readonly string[]) => ({ ...service(name), tcp: { port: 0, sni, isTls: false } });
  const services = [at("a", "*.example", "x.example"), at("b", "*.b.example", "x.example"), service("c")];
  const shown = nameRoutesOf([...services, { ...at("d", "d.example"), mode: "http" }]).map(
    ({ service: name, host, hostEnd }) => `${host}${hostEnd} ${name}`,
  );
  expect(shown).toEqual(["x.example a", "x.example b", ".b.example b", ".example a"]);
});
