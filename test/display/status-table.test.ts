import { expect, test } from "vitest";
import { type DaemonStatus, statusTable } from "../../src/display/status-table.js";

const READY: DaemonStatus = {
  daemon: "agent",
  address: "127.0.0.1:9180",
  status: "ready",
  waitingFor: [],
  proxies: [],
  files: [],
};
const PIN = { to: 7, since: "2026-11-30T04:00:00Z", out: ["web/a", "web/b"], waiting: 1 };
const BRIEF_PIN = { ...PIN, until: "2026-11-30T05:00:00.000Z", out: ["web/a"], waiting: 0 };
const NO_ADDRESS = { key: "/app/a/b", reason: "is no address" };
const certificates = { certificates: 0, faultyCertificates: 0 };

test.each<[words: string, status: Partial<DaemonStatus>]>([
  ["ready", {}],
  ["waiting for Docker, a lease", { status: "waiting", waitingFor: ["Docker", "a lease"] }],
  ["does not answer: connect ECONNREFUSED", { status: "silent", waitingFor: ["connect ECONNREFUSED"] }],
  ["no agent on this host", { status: "absent", waitingFor: ["connect ECONNREFUSED"] }],
  ["ready; HAProxy of a cannot be asked", { proxies: [{ name: "a", agrees: undefined, ...certificates }] }],
  ["ready; HAProxy of a differs from its file", { proxies: [{ name: "a", agrees: false, ...certificates }] }],
  [
    "ready; HAProxy of a agrees with its file, 1 of 2 certificates cannot be used as they are on disk",
    { proxies: [{ name: "a", agrees: true, certificates: 2, faultyCertificates: 1 }] },
  ],
  [
    "ready; web is pinned to version 7 since 2026-11-30 04:00:00Z, until hecd resume, 2 servers of it are out of work, 1 new address waits",
    { files: [{ name: "web", pinned: PIN, leftOut: [] }] },
  ],
  [
    "ready; web is pinned to version 7 since 2026-11-30 04:00:00Z, until 2026-11-30 05:00:00Z, 1 server of it is out of work",
    { files: [{ name: "web", pinned: BRIEF_PIN, leftOut: [] }] },
  ],
  [
    "ready; web leaves out /app/a/b (is no address) and 1 more",
    { files: [{ name: "web", pinned: undefined, leftOut: [NO_ADDRESS, NO_ADDRESS] }] },
  ],
  [
    "ready; steered is shop: green alone serves and 1 more",
    {
      files: [
        ...[
          {
            name: "web",
            pinned: undefined,
            leftOut: [],
            steering: ["shop: green alone serves", "api: in maintenance"],
          },
        ],
      ],
    },
  ],
])("the table of daemons says: %s", (words, status) => {
  expect(statusTable([{ ...READY, ...status }]).split("\n")).toEqual([
    expect.stringMatching(/^DAEMON +ADDRESS +STATUS$/),
    `agent   127.0.0.1:9180  ${words}`,
    "",
  ]);
});
