import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDockerUrl } from "../../../src/core/host/docker-url.js";
import { type EngineDefaults, readEngines } from "../../../src/core/host/engines.js";
import { NAME } from "../../../src/core/text/patterns.js";

const defaults: EngineDefaults = {
  advertise: undefined,
  hostId: undefined,
  names: { hostname: "node1", inContainer: false },
};
const socket = "unix:///var/run/docker.sock";
const here = { url: socket, advertise: undefined, hostId: "node1" };

function read(texts: readonly string[], said: Partial<EngineDefaults> = {}) {
  return readEngines(texts, { ...defaults, ...said });
}

describe("an engine", () => {
  test.each([socket, "tcp://localhost:2375", "tcp://127.0.0.1:2375", "tcp://[::1]:2375"])(
    "on this machine is called and reached as this machine is: %s",
    (url) => {
      expect(read([url])).toEqual([{ ...here, url }]);
      expect(read([url], { advertise: "eth0", hostId: "me" })).toEqual([{ url, advertise: "eth0", hostId: "me" }]);
    },
  );

  test.each([
    ["tcp://192.168.0.5:2375", "192.168.0.5", "192.168.0.5"],
    ["https://[2001:db8::5]:2376", "2001:db8::5", "2001-db8--5"],
  ])("on another machine is called and reached as its URL says: %s", (url, advertise, hostId) => {
    expect(read([url])).toEqual([{ url, advertise, hostId }]);
  });

  test("says behind a question mark what it is called and how it is reached", () => {
    const url = "tcp://docker5:2375";
    expect(read([`${url}?advertise=10.0.0.5&host-id=node5`])).toEqual([
      { url, advertise: "10.0.0.5", hostId: "node5" },
    ]);
    expect(read([`${socket}?host-id=a`], { hostId: "b" })).toEqual([{ ...here, hostId: "a" }]);
  });

  test("that is the only one takes what is said for all", () => {
    const url = "tcp://docker5:2375";
    const said = { advertise: "10.0.0.5", hostId: "node5" };
    expect(read([url], said)).toEqual([{ url, ...said }]);
  });

  test("among several takes it when it is on this machine", () => {
    const said = { advertise: "eth0", hostId: "me" };
    expect(read([socket, "tcp://192.168.0.5:2375"], said)).toEqual([
      { url: socket, ...said },
      { url: "tcp://192.168.0.5:2375", advertise: "192.168.0.5", hostId: "192.168.0.5" },
    ]);
  });

  test("may be contexts of Docker's, by whose names their hosts are called", () => {
    expect(read(["context:prod?advertise=10.0.0.5", "context:old?advertise=10.0.0.6&host-id=b"])).toEqual([
      { url: "context:prod", advertise: "10.0.0.5", hostId: "prod" },
      { url: "context:old", advertise: "10.0.0.6", hostId: "b" },
    ]);
    expect(read(["context:prod"], { advertise: "10.0.0.5" })).toEqual([
      { url: "context:prod", advertise: "10.0.0.5", hostId: "prod" },
    ]);
  });

  test("may be a range of them", () => {
    const engines = read(["tcp://192.168.0.[2:10]:2375", "tcp://192.168.1.2:2375"]);
    expect(engines.map(({ hostId }) => hostId)).toEqual([
      ...[2, 3, 4, 5, 6, 7, 8, 9, 10].map((last) => `192.168.0.${last}`),
      "192.168.1.2",
    ]);
  });

  test.each([
    [["tcp://docker5:2375"], "is another machine: say by which address its ports are reached, as ?advertise=IP"],
    [
      ["context:prod"],
      "--docker context:prod: say by which address the ports of that engine are reached, as ?advertise=IP",
    ],
    [["context:a/b?advertise=10.0.0.1"], "must be unix://PATH"],
    [["tcp://10.0.0.[9:2]:2375"], "--docker tcp://10.0.0.[9:2]:2375: [9:2] runs backwards"],
    [["tcp://10.[0:9].[0:99].1:2375"], "it stands for more than 256"],
    [["tcp://10.0.0.[0:200]:2375", "tcp://10.0.1.[0:200]:2375"], "names 402 engines; one agent follows 256 at most"],
    [["tcp://10.0.0.1:[2:3]375"], "would both be host 10.0.0.1: tell them apart by ?host-id=NAME"],
    [[socket, "unix:///run/other.sock"], "would both be host node1"],
    [["tcp://10.0.0.1:2375?adverstise=10.0.0.1"], "only advertise=IP and host-id=NAME"],
    [["tcp://10.0.0.1:2375?host-id=a&host-id=b"], "only advertise=IP and host-id=NAME"],
    [["tcp://10.0.0.1:2375?host-id=a/b"], "host-id must be letters"],
    [["tcp://10.0.0.1:99999"], "must be unix://PATH, tcp://HOST:PORT or context:NAME"],
    [["tcp://10.0.0.[1:2:3]:2375"], "must be unix://PATH, tcp://HOST:PORT or context:NAME"],
  ])("is refused: %j", (texts, message) => {
    expect(() => read(texts)).toThrow(message);
  });

  test("that is accepted has a URL that can be read, and a host id of its own that fits into a key", () => {
    const digit = fc.nat(12);
    const text = fc.oneof(
      fc.constant(socket),
      fc.tuple(digit, digit, digit).map(([a, b, c]) => `tcp://10.${a}.0.[${b}:${c}]:2375`),
      fc.string({ maxLength: 20 }).map((host) => `tcp://${host}:2375?advertise=10.0.0.1`),
      fc.string({ maxLength: 20 }).map((query) => `tcp://10.0.0.1?${query}`),
    );
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 3 }), (texts) => {
        let engines;
        try {
          engines = read(texts);
        } catch (error) {
          expect(error).toMatchObject({ fault: { code: "usage" } });
          return;
        }
        for (const { url, hostId } of engines) {
          expect(parseDockerUrl(url)).toBeDefined();
          expect(hostId).toMatch(NAME);
        }
        expect(new Set(engines.map(({ hostId }) => hostId)).size).toBe(engines.length);
      }),
    );
  });
});
