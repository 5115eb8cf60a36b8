import { expect, test } from "vitest";
import { type DaemonStatus, statusTable } from "../../src/display/status-table.js";

const READY: DaemonStatus = {
  daemon: "agent",
  address: "127.0.0.1:9180",
  status: "ready",
  waitingFor: [],
  proxies: [],
};
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
])("the table of daemons says: %s", (words, status) => {
  expect(statusTable([{ ...READY, ...status }]).split("\n")).toEqual([
    expect.stringMatching(/^DAEMON +ADDRESS +STATUS$/),
    `agent   127.0.0.1:9180  ${words}`,
    "",
  ]);
});
