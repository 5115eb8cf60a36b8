import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Reason } from "../../src/core/model/reason.js";
import { EVENT_FILTERS } from "../../src/edges/docker/events.js";
import { rows, section } from "../support/documents.js";
import { testTitles } from "../support/test-titles.js";

const PAGE = "docs/failures.md";
const EVENTS = section(PAGE, "Every event of Docker");
const FAILURES = section(PAGE, "Every failure");

/** Every reason there is: the compiler asks for a new one here. */
const REASONS: Readonly<Record<Reason, true>> = {
  unreadable: true,
  "no-answer": true,
  "not-running": true,
  paused: true,
  draining: true,
  "not-listening": true,
  "answers-badly": true,
  "check-failed": true,
  "flap-hold": true,
  starting: true,
  unhealthy: true,
  disabled: true,
  "not-enabled": true,
  "other-namespace": true,
  "own-container": true,
  "one-off": true,
  "invalid-label": true,
  "invalid-name": true,
  "no-published-port": true,
  "port-not-mapped": true,
  "ambiguous-port": true,
  "too-many-ports": true,
  "loopback-only": true,
  "host-network-needs-port": true,
  "needs-port": true,
  "no-network": true,
  "ambiguous-network": true,
  "not-in-network": true,
  "network-owner-away": true,
  "pod-infra": true,
  "pod-member": true,
  "no-host-ip": true,
  "key-conflict": true,
};

function pathOf(file: string): string {
  return fileURLToPath(new URL(`../integration/${file}.test.ts`, import.meta.url));
}

describe("the page of events and failures", () => {
  test("names tests that there are, at least one in each row", () => {
    const all = [...rows(EVENTS), ...rows(FAILURES)];
    expect(all.length).toBeGreaterThan(50);
    for (const [what = "", does = "", tests = ""] of all) {
      expect(does, what).not.toBe("");
      for (const named of tests.split("<br>")) {
        const [file = "", title = ""] = named.split(" › ");
        expect(existsSync(pathOf(file)), named).toBe(true);
        expect(testTitles(pathOf(file)), named).toContain(title);
      }
    }
  });

  test("has a row for every event that is asked of Docker", () => {
    const named = EVENTS.split("\n").flatMap((line) =>
      [...(line.split("|")[1] ?? "").matchAll(/`([a-z_]+)`/g)].map(([, event]) => event),
    );
    expect(EVENT_FILTERS["event"]?.filter((event) => !named.includes(event))).toEqual([]);
  });

  test("has a row for every reason why a container is not registered", () => {
    const named = rows(section(PAGE, "Why a container is not registered")).map(([reason]) => reason);
    expect(named).toEqual(Object.keys(REASONS));
  });
});
