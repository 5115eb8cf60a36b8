import { networkInterfaces } from "node:os";
import { describe, expect, test } from "vitest";
import { HostAddress, hostNames } from "../../../src/edges/host/host.js";

const signal = new AbortController().signal;

describe("this machine", () => {
  test("has a name", () => {
    expect(hostNames().hostname).not.toBe("");
  });

  test("advertises what it was told, by address or by interface", async () => {
    const loopback = Object.entries(networkInterfaces()).find(([, addresses]) =>
      addresses?.some(({ address }) => address === "127.0.0.1"),
    );
    expect(await new HostAddress("192.0.2.77", []).find(signal)).toMatchObject({ ip: "192.0.2.77" });
    expect(await new HostAddress(loopback?.[0], []).find(signal)).toMatchObject({ ip: "127.0.0.1" });
  });

  test("says what to set when it was told nonsense", async () => {
    await expect(new HostAddress("nonesuch0", []).find(signal)).rejects.toMatchObject({
      fault: { code: "no-address" },
    });
    expect(await new HostAddress("nonesuch0", []).current(signal)).toBeUndefined();
  });

  test("never advertises loopback by itself, though the store is there", async () => {
    const found = await new HostAddress(undefined, ["http://127.0.0.1:2379", "[::1]:2379", "etcd.example.org:2379"])
      .find(signal)
      .catch(() => undefined);
    expect(found?.ip ?? "none").not.toMatch(/^127\.|^::1$/);
  });

  test("finds the address that faces the store, for every way to write an endpoint", async () => {
    const facing = await new HostAddress(undefined, []).current(signal);
    for (const host of ["192.0.2.200", "198.51.100.1"]) {
      for (const endpoint of [`${host}:2379`, `http://${host}:2379`, `etcd://${host}:2379/app`]) {
        // A machine with one network reaches everything from its one address.
        expect(await new HostAddress(undefined, [endpoint]).current(signal)).toBe(facing);
      }
    }
  });
});
