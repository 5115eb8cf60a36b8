import { describe, expect, test } from "vitest";
import { isLoading, isReadyFor, parseStatus } from "../../../src/haproxy/master/process-status.js";

const statusOf = (pid: number, parent: number, masks: { readonly caught?: string; readonly blocked?: string } = {}) =>
  parseStatus(
    `Name:\thaproxy\nUmask:\t0022\nPid:\t${pid}\nPPid:\t${parent}\nSigBlk:\t${masks.blocked ?? "0000000000000000"}\n` +
      `SigCgt:\t${masks.caught ?? "0000000000000000"}\n`,
  );

const USR2 = "0000000000000800";
const HUP = "0000000000000001";

describe("a process of HAProxy, as the kernel shows it", () => {
  test("is read with its parent, its name and its signals", () => {
    expect(statusOf(7, 1, { caught: USR2, blocked: HUP })).toEqual({
      ...{ pid: 7, parent: 1, name: "haproxy" },
      ...{ caught: 0x800n, blocked: 1n },
    });
    expect(parseStatus("")).toBeUndefined();
    expect(parseStatus("Name:\tx\nPid:\tno\n")).toBeUndefined();
  });

  test("is ready for a signal that it has a handler for, once a worker of it serves", () => {
    const [master, worker] = [statusOf(1, 0, { caught: USR2 }), statusOf(7, 1)];
    const loading = statusOf(8, 1, { blocked: USR2 });
    if (!master || !worker || !loading) throw new Error("they can be read");
    expect(isReadyFor("USR2", { master, workers: [worker] })).toBe(true);
    expect(isReadyFor("HUP", { master, workers: [worker] })).toBe(false);
    expect(isReadyFor("USR2", { master, workers: [] })).toBe(false);
    expect(isReadyFor("USR2", { master, workers: [worker, loading] })).toBe(false);
    expect([worker, loading].map(isLoading)).toEqual([false, true]);
  });
});
