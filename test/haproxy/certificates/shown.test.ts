import { describe, expect, test } from "vitest";
import { shownCertificates, shownNames } from "../../../src/haproxy/certificates/shown.js";

/** As HAProxy 3.4 shows it; 2.6 leaves the lines about files and options out. */
const SHOWN = `Filename: /certs/a.pem
Crt filename: /certs/a.pem
Key filename: /certs/a.pem
Option: ocsp-update off
Status: Used
Serial: 0A01
notBefore: Nov 29 17:11:40 2026 GMT
notAfter: Dec  4 17:11:40 2026 GMT
Subject Alternative Name: DNS:a.test, DNS:*.a.test, IP Address:10.0.0.1
Algorithm: EC256
SHA1 FingerPrint: 99FCEF8D98ED9B4BC3E9F1AF2523998602D31A97
Subject: /CN=a.test
Issuer: /CN=between
Chain Subject: /CN=between
Chain Issuer: /CN=authority
`;

describe("what HAProxy shows of certificates", () => {
  test("is read, one after the other", () => {
    const [a, b, ...more] = shownCertificates(`${SHOWN}\n${SHOWN.replaceAll("a.pem", "b.pem")}\n`);
    expect(a).toEqual({
      name: "/certs/a.pem",
      fingerprint: "99FCEF8D98ED9B4BC3E9F1AF2523998602D31A97",
      serial: "0A01",
      begins: Date.UTC(2026, 10, 29, 17, 11, 40),
      ends: Date.UTC(2026, 11, 4, 17, 11, 40),
      names: ["a.test", "*.a.test", "10.0.0.1"],
      chained: 1,
    });
    expect([b?.name, more]).toEqual(["/certs/b.pem", []]);
  });

  test("leaves out what is not there, and what is still empty", () => {
    const absent = "Can't display the certificate: Not found or the certificate is a bundle!\n\n";
    const empty = "Filename: /certs/new.pem\nStatus: Empty\n\n";
    expect(shownCertificates(absent + empty + SHOWN).map(({ name }) => name)).toEqual(["/certs/a.pem"]);
  });

  test("lists names, without those of what is not committed", () => {
    expect(shownNames("# transaction\n*/certs/a.pem\n# filename\n/certs/a.pem\n/certs/b.pem\n\n")).toEqual([
      "/certs/a.pem",
      "/certs/b.pem",
    ]);
  });
});
