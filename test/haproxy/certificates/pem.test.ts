import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Pem, type PemFault, readPem } from "../../../src/haproxy/certificates/pem.js";
import { makeCertificates, makeIntermediate, makeServerPem } from "../../support/certificates.js";
import { tempDir } from "../../support/temp-dir.js";

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Some time in the life of all of them, which begins when they are made. */
const NOW = Date.now() + 60 * 60 * 1_000;

let directory: Awaited<ReturnType<typeof tempDir>>;
let own: Parts;
let other: Parts;
let between: string;
let below: Parts;

/** A file of a certificate, taken apart. */
interface Parts {
  readonly cert: string;
  readonly key: string;
}

function partsOf(pem: string): Parts {
  const [cert = "", key = ""] = pem.split(/(?=-----BEGIN [A-Z ]*PRIVATE KEY)/);
  return { cert, key };
}

beforeAll(async () => {
  directory = await tempDir();
  await makeCertificates(directory.path);
  own = partsOf(await makeServerPem(directory.path, "a.example.org"));
  other = partsOf(await makeServerPem(directory.path, "b.example.org"));
  between = await makeIntermediate(directory.path, "between");
  below = partsOf(await makeServerPem(directory.path, "c.example.org", "between"));
});
afterAll(() => directory[Symbol.asyncDispose]());

function faultOf(read: Pem | PemFault): string | undefined {
  return "fault" in read ? read.fault : undefined;
}

function good(text: string, key?: string): Pem {
  const read = readPem(text, key, NOW);
  if ("fault" in read) throw new Error(read.fault);
  return read;
}

describe("a file of a certificate", () => {
  test("is read with what HAProxy shows of it, wherever its key stands", () => {
    const { certificate } = good(own.cert + own.key);
    expect(certificate).toMatchObject({ names: ["a.example.org"], chained: 0 });
    expect(certificate.fingerprint).toMatch(/^[0-9A-F]{40}$/);
    expect(certificate.serial).toMatch(/^[0-9A-F]+$/);
    expect(Math.abs(certificate.ends - (Date.now() + DAY_MS))).toBeLessThan(60_000);
    expect(good(own.key + own.cert).certificate).toEqual(certificate);
  });

  test("takes its key from the file beside it where it has none itself", () => {
    expect(good(own.cert, own.key).payload).toBe(good(own.cert + own.key).payload);
    expect(good(own.cert + own.key, other.key).payload).not.toContain(other.key.split("\n")[1]);
  });

  test("is another one with another chain, though the certificate is the same", () => {
    const [alone, whole] = [below.cert + below.key, below.cert + between + below.key].map((text) => good(text));
    expect(whole?.certificate.fingerprint).toBe(alone?.certificate.fingerprint);
    expect(whole?.certificate.digest).not.toBe(alone?.certificate.digest);
    expect(whole?.certificate.chained).toBe(1);
  });

  test("goes to HAProxy without blank lines and without what is no section, which would end it early", () => {
    const { payload } = good(`Bag Attributes\n\n${own.cert}\r\n\r\nKey Attributes\n${own.key}\n\n`);
    expect(payload).toBe(`${own.cert}${own.key}`.trim());
  });

  test.each<[why: string, fault: RegExp, text: () => string, key?: () => string]>([
    ["it is empty", /no certificate/, () => ""],
    ["there is only a key", /no certificate/, () => own.key],
    ["there is no key", /no private key/, () => own.cert],
    ["it was cut off", /middle of a section/, () => (own.cert + own.key).slice(0, -40)],
    ["a section begins within another", /middle of a section/, () => own.cert.slice(0, 200) + "\n" + own.key],
    ["the key beside it was cut off", /\.key file beside it/, () => own.cert, () => own.key.slice(0, -40)],
    ["its key is that of another", /that of another certificate/, () => own.cert + other.key],
    ["its key cannot be read", /cannot be read/, () => own.cert + own.key.replace(/^M.*$/m, "MIGH")],
    ["its certificate cannot be read", /cannot be read/, () => own.cert.replace(/^M.*$/m, "MIGH") + own.key],
    ["another certificate comes first", /does not come first/, () => between + below.cert + below.key],
    ["its chain is that of another", /number 2 has not issued number 1/, () => own.cert + between + own.key],
  ])("is refused where %s", (_, fault, text, key) => {
    const read = readPem(text(), key?.(), NOW);
    expect(faultOf(read)).toMatch(fault);
    expect(JSON.stringify(read)).not.toMatch(/[A-Za-z0-9+/]{40}/);
  });

  test("is refused before its time and after it, in words that tell when", () => {
    const text = own.cert + own.key;
    expect(faultOf(readPem(text, undefined, NOW + 2 * DAY_MS))).toMatch(/^it has expired: \d{4}-\d\d-\d\dT/);
    expect(faultOf(readPem(text, undefined, NOW - 2 * DAY_MS))).toMatch(/^it does not count yet: \d{4}-/);
    expect(readPem(text, undefined, NOW + 2 * DAY_MS)).toHaveProperty("certificate", good(text).certificate);
  });
});
