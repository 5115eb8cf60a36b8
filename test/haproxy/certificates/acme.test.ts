import { describe, expect, test } from "vitest";
import type { Certificate } from "../../../src/core/model/certificate.js";
import { asksAuthority, isObtained, orderedNames } from "../../../src/haproxy/certificates/acme.js";
import type { ShownCertificate } from "../../../src/haproxy/certificates/shown.js";

const NOW = Date.parse("2026-11-30T12:00:00Z");
const HOUR = 3_600_000;

const SHOWN: ShownCertificate = {
  ...{ name: "/certs/a.pem", fingerprint: "AA", serial: "01", names: ["a.test"], chained: 1 },
  ...{ begins: NOW - HOUR, ends: NOW + 90 * 24 * HOUR },
};

const ON_DISK: Certificate = {
  ...{ serial: "02", fingerprint: "BB", digest: "bb", names: ["a.test"], chained: 1 },
  ...{ begins: NOW - 80 * 24 * HOUR, ends: NOW + 10 * 24 * HOUR },
};

describe("an authority that HAProxy asks", () => {
  test("is seen by a section of its own", () => {
    expect(asksAuthority("global\nacme le\n  directory https://x/\n")).toBe(true);
    expect(asksAuthority("frontend f\n  use_backend acme if { path_beg /.well-known/acme-challenge/ }\n")).toBe(false);
  });

  test("has been asked for the certificates that `acme status` names", () => {
    const heading = "# certificate\tsection\tstate\texpiration date (UTC)\texpires in\tscheduled date (UTC)\n";
    const rows = "/certs/a.pem\tle\tRunning\t2020-01-18T09:31:12Z\t0d\t-\n@shop/b.pem\tle\tScheduled\t-\t-\t-\n";
    expect(orderedNames(`${heading}${rows}\n`)).toEqual(["/certs/a.pem", "@shop/b.pem"]);
    expect(orderedNames("Unknown command: 'acme', but maybe one of the following ones is a better match:\n")).toEqual(
      [],
    );
  });
});

describe("a certificate that HAProxy shows", () => {
  test.each<[string, boolean, Partial<ShownCertificate>, Partial<Certificate> | undefined]>([
    ["has come from the authority where there is none on disk", true, {}, undefined],
    ["has come from the authority where an older one of it is on disk", true, {}, {}],
    ["is the one on disk", false, { fingerprint: "BB" }, {}],
    ["is the one that HAProxy makes up until it has another", false, { ends: NOW - HOUR }, undefined],
    ["is none of which an end is known", false, { ends: Number.NaN }, undefined],
    ["is older than one of an authority that somebody put there", false, {}, { begins: NOW }],
    ["counts more than one that signs itself, dated back as it is", true, {}, { begins: NOW, chained: 0 }],
  ])("%s", (_, expected, shown, onDisk) => {
    const present = onDisk && { ...ON_DISK, ...onDisk };
    expect(isObtained({ ...SHOWN, ...shown }, present, NOW)).toBe(expected);
  });
});
