import { describe, expect, test } from "vitest";
import type { HecdEvent, Outcome } from "../../src/core/events/event.js";
import type { ProxyDriver, ProxyReport } from "../../src/ports.js";
import { ResourceStatus } from "../../src/renderer/resource-status.js";
import { ManualClock } from "../support/manual-clock.js";
import { resourceOf } from "../support/pushed-store.js";

const REPORT: ProxyReport = {
  ...{
    version: "3.2.26",
    pid: 7,
    agrees: true,
    differences: [],
    silence: undefined,
    leaving: [],
    lastReload: undefined,
  },
};
const APPLIED: Outcome = { kind: "applied", bytes: 1 };
const DIFFERS: Outcome = { kind: "differs", output: "b/a is missing" };

function statusWith(report: ProxyReport | undefined) {
  const told: HecdEvent[] = [];
  const driver: ProxyDriver = {
    report,
    check: async () => ({ accepted: true, output: "" }),
    adjust: async () => ({ kind: "agrees" }),
    reload: async () => ({ kind: "proven", output: "" }),
  };
  const resource = resourceOf({ name: "web.toml", dest: "/web.cfg" });
  const emit = (event: HecdEvent): void => void told.push(event);
  return { status: new ResourceStatus(resource, { driver, clock: new ManualClock(), emit }), told };
}

describe("a file", () => {
  test.each<[string, ProxyReport | undefined, Outcome | undefined, string | undefined]>([
    ["is waited for before its first outcome", REPORT, undefined, "the first state of web.toml"],
    ["is as it should be once it is in use", REPORT, APPLIED, undefined],
    ["is as it should be where nobody can be asked", undefined, APPLIED, undefined],
    ["is not while it was refused", REPORT, { kind: "rejected", output: "no" }, "/web.cfg (rejected)"],
    ["is not while HAProxy runs something else", REPORT, DIFFERS, "/web.cfg (differs)"],
    [
      "is not while HAProxy does not answer",
      { ...REPORT, silence: "nobody answers" },
      APPLIED,
      "the HAProxy of web.toml (nobody answers)",
    ],
  ])("%s", (_, report, outcome, expected) => {
    const { status } = statusWith(report);
    if (outcome) status.conclude(outcome, 0);
    expect(status.waitingFor).toBe(expected);
  });

  test("has news to tell when a look finds another difference, or none any more, and not each time", () => {
    const { status, told } = statusWith(REPORT);
    status.conclude(APPLIED, 0);
    expect(status.isNews({ kind: "unchanged" })).toBe(false);
    expect(status.isNews(APPLIED)).toBe(true);
    expect(status.isNews(DIFFERS)).toBe(true);
    status.conclude(DIFFERS, 0);
    expect(status.isNews(DIFFERS)).toBe(false);
    expect(status.isNews({ kind: "differs", output: "b/c is missing" })).toBe(true);
    expect(status.isNews({ kind: "unchanged" })).toBe(true);
    expect(told).toHaveLength(2);
    expect(status.state).toMatchObject({ outcome: DIFFERS, lastError: "b/a is missing" });
  });
});
