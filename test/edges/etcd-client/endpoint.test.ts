import { describe, expect, test } from "vitest";
import { parseEndpoint } from "../../../src/edges/etcd-client/endpoint.js";
import { openEtcd } from "../../../src/edges/etcd/store.js";
import { ManualClock } from "../../support/manual-clock.js";

describe("an etcd endpoint", () => {
  test.each([
    ["192.0.2.1:4001", { address: "192.0.2.1:4001", tls: undefined }],
    ["etcd-1.example.org", { address: "etcd-1.example.org:2379", tls: undefined }],
    ["http://etcd:2379/", { address: "etcd:2379", tls: false }],
    ["https://[2001:db8::1]:2379", { address: "[2001:db8::1]:2379", tls: true }],
    [" 127.0.0.1:2379 ", { address: "127.0.0.1:2379", tls: undefined }],
  ])("%j is read as %j", (text, expected) => {
    expect(parseEndpoint(text)).toEqual(expected);
  });

  test.each(["", "ftp://a:1", "http://a:1/v2/keys", "a:0", "a:65536", "a b:1", "a:1,b:2", "unix:///run/etcd"])(
    "%j is refused",
    (text) => {
      expect(() => parseEndpoint(text)).toThrow(/^Cannot use etcd endpoint /);
    },
  );

  test("with a password in it is refused without repeating the password", () => {
    let message = "";
    try {
      parseEndpoint("http://root:hunter2@etcd:2379");
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain("settings of their own");
    expect(message).not.toMatch(/hunter2|root/);
  });

  test("may not use TLS where another does not, since etcd's members are one cluster", async () => {
    const deps = { clock: new ManualClock(), emit: () => undefined };
    const opening = openEtcd({ endpoints: ["http://a:1", "https://b:1"] }, deps);
    await expect(opening).rejects.toThrow("either all or none must use TLS");
    await expect(openEtcd({ endpoints: [] }, deps)).rejects.toThrow("there is none");
  });
});
