import { describe, expect, test } from "vitest";
import { readTraefik } from "../../../src/core/labels/traefik-labels.js";

const SERVICE = { "traefik.tcp.services.db.loadbalancer.server.port": "5432" };
const PASSED_ON = { "traefik.tcp.routers.r.tls.passthrough": "true" };

function read(rule: string, more: Readonly<Record<string, string>> = {}) {
  const { ofPort, faults } = readTraefik({ "traefik.tcp.routers.r.rule": rule, ...SERVICE, ...more });
  const { mode, tcpSni } = ofPort.get(5_432) ?? {};
  return { mode, tcpSni, faults };
}

describe("traefik's routers of TCP", () => {
  test.each([
    ["HostSNI(`db.example`)", ["db.example"]],
    ["HostSNI(`a.example`, `B.example`)", ["a.example", "b.example"]],
    ['hostsni("a.example") || HostSNI(`b.example`)', ["a.example", "b.example"]],
    ["HostSNI(`*`)", undefined],
  ])("pass on what asks for the names of %s", (rule, tcpSni) => {
    expect(read(rule, PASSED_ON)).toEqual({ mode: "tcp", tcpSni, faults: [] });
  });

  test("lead to the service that they name, else to the only one", () => {
    const other = { "traefik.tcp.services.other.loadbalancer.server.port": "6379" };
    const named = { ...PASSED_ON, "traefik.tcp.routers.r.service": "DB@docker" };
    expect(read("HostSNI(`db.example`)", { ...named, ...other })).toMatchObject({ tcpSni: ["db.example"] });
    expect(read("HostSNI(`db.example`)", { ...PASSED_ON, ...other })).toMatchObject({ tcpSni: undefined });
    const { whole } = readTraefik({ "traefik.tcp.routers.r.rule": "HostSNI(`a.example`)", ...PASSED_ON });
    expect(whole).toMatchObject({ mode: "tcp", tcpSni: ["a.example"] });
  });

  test.each([
    ["HostSNI(`db.example`)", {}, /without tls\.passthrough=true/],
    ["HostSNI(`db.example`)", { "traefik.tcp.routers.r.tls": "true" }, /without tls\.passthrough=true/],
    ["HostSNI(`a`) && ClientIP(`10.0.0.0/8`)", PASSED_ON, /but for names in HostSNI/],
    ["HostSNIRegexp(`.*`)", PASSED_ON, /but for names in HostSNI/],
    ["HostSNI(`a b`)", PASSED_ON, /but for names in HostSNI/],
    ["", PASSED_ON, /but for names in HostSNI/],
  ])("are told of and left aside with %j and %j", (rule, more, words) => {
    expect(read(rule, more)).toEqual({ mode: "tcp", tcpSni: undefined, faults: [expect.stringMatching(words)] });
  });
});
