import { expect, test } from "vitest";
import { isOfRelease, versionIn } from "./version.js";

test.each([
  ["HAProxy version 3.0.11-1+deb13u4 2026/08/12 - https://haproxy.org/\n", "HAProxy version ", "3.0.11-1+deb13u4"],
  ["Docker version 28.5.2+dfsg4, build 89c5e8f\n", "Docker version ", "28.5.2+dfsg4"],
  ["etcd Version: 3.5.30\nGit SHA: Not provided\n", "etcd Version: ", "3.5.30"],
  ["etcd Version: \n", "etcd Version: ", undefined],
  ["flag needs an argument", "etcd Version: ", undefined],
])("the version in %j after %j is %s", (said, before, version) => {
  expect(versionIn(said, before)).toBe(version);
});

test.each([
  ["3.0.11-1+deb13u4", "3.0", true],
  ["28.5.2+dfsg4", "28.5.2", true],
  ["3.5.30", "3.5.30", true],
  ["3.5.30", "3.5.3", false],
  ["3.5.16", "3.5.30", false],
  ["13.0.1", "3.0", false],
])("%s is of release %s: %s", (version, release, isOne) => {
  expect(isOfRelease(version, release)).toBe(isOne);
});
