import { describe, expect, test } from "vitest";
import type { Certificate } from "../../../src/core/model/certificate.js";
import {
  commandWord,
  isCertificateName,
  isPlainPath,
  speaksOfCertificates,
  stepFor,
} from "../../../src/haproxy/certificates/step.js";

const ON_DISK: Certificate = {
  ...{ serial: "01", fingerprint: "AA", digest: "d1", names: ["a.test"], begins: 0, ends: 1, chained: 1 },
};
const SHOWN = { ...ON_DISK, name: "/certs/a.pem" };

describe("what is to be done about a certificate", () => {
  test.each([
    ["none", "shows the same", SHOWN, undefined],
    ["none", "sends more along with it", { ...SHOWN, chained: 2 }, undefined],
    ["renew", "shows another", { ...SHOWN, fingerprint: "BB" }, undefined],
    ["renew", "sends fewer along with it", { ...SHOWN, chained: 0 }, undefined],
    ["none", "was brought to it, though it shows fewer", { ...SHOWN, chained: 0 }, "d1"],
    ["renew", "was brought to another chain", SHOWN, "d2"],
    ["add", "does not have it", undefined, undefined],
  ] as const)("is %s where HAProxy %s", (step, _, shown, brought) => {
    expect(stepFor(ON_DISK, shown, brought)).toBe(step);
  });
});

test("a folder has certificates, what belongs to them, and hidden files", () => {
  const names = ["a.pem", "b", "a.pem.rsa", ".a.pem", "a.pem.key", "a.pem.ocsp", "a.pem.issuer", "a.pem.sctl"];
  expect(names.filter(isCertificateName)).toEqual(["a.pem", "b", "a.pem.rsa"]);
});

test("a path that could be more than one word of a command, or name a transaction, is not plain", () => {
  expect(["/certs/_.a-b.org+1,2@x=y~/*:%.pem", "/my certs/a b.pem"].every(isPlainPath)).toBe(true);
  for (const path of ["/a\tb", "/a;b", "/a\nb", "*/a", "a.pem", "/a\\b", "/a<<", '/a"']) {
    expect(isPlainPath(path), path).toBe(false);
  }
});

test("a path is one word of a command, with blanks too", () => {
  expect(commandWord("/my certs/a b.pem")).toBe(String.raw`/my\ certs/a\ b.pem`);
});

test("a configuration speaks of certificates where a line names one", () => {
  expect(speaksOfCertificates("frontend f\n  bind :443 ssl crt /certs alpn h2\n")).toBe(true);
  expect(speaksOfCertificates("frontend f\n  bind :443 ssl crt-list /certs.txt\n")).toBe(true);
  expect(speaksOfCertificates("frontend f\n  bind :80 name crt80\nbackend crt\n")).toBe(false);
});
