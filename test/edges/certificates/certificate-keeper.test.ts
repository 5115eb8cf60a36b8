import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HecdEvent } from "../../../src/core/events/event.js";
import type { Certificate } from "../../../src/core/model/certificate.js";
import { CertificateKeeper } from "../../../src/edges/certificates/certificate-keeper.js";
import { HecdError } from "../../../src/errors.js";
import { readPem } from "../../../src/haproxy/certificates/pem.js";
import { makeCertificates, makeServerPem } from "../../support/certificates.js";
import { ManualClock } from "../../support/manual-clock.js";
import { tempDir } from "../../support/temp-dir.js";

const signal = new AbortController().signal;

let authority: Awaited<ReturnType<typeof tempDir>>;
/** Two certificates for each name. */
let pems: Record<"a.test" | "b.test", readonly [string, string]>;

beforeAll(async () => {
  authority = await tempDir();
  await makeCertificates(authority.path);
  const pair = async (name: string) =>
    [await makeServerPem(authority.path, name), await makeServerPem(authority.path, name)] as const;
  pems = { "a.test": await pair("a.test"), "b.test": await pair("b.test") };
});
afterAll(() => authority[Symbol.asyncDispose]());

function certificateOf(pem: string): Certificate {
  const read = readPem(pem, undefined, Date.now());
  if ("fault" in read) throw new Error(read.fault);
  return read.certificate;
}

const AWAY = new HecdError({ code: "haproxy-failed", what: "be asked", output: "nobody answers" });

/** A worker of HAProxy as far as certificates go. */
class Worker {
  pid = 1;
  readonly folder: string;
  readonly loaded = new Map<string, Certificate>();
  readonly pending = new Map<string, Certificate>();
  readonly commands: string[] = [];
  /** What it has got from an authority, with its key, by its path. */
  readonly obtained = new Map<string, string>();
  /** What `commit` says instead of success. */
  refusal: string | undefined;
  isAway = false;
  /** Takes no lines with a command: it hangs up. */
  isSmall = false;

  constructor(folder: string) {
    this.folder = folder;
  }

  async say(commands: readonly string[]): Promise<{ readonly pid: number; readonly answer: string }> {
    if (this.isAway) throw AWAY;
    return { pid: this.pid, answer: commands.map((command) => `${this.#answer(command)}\n`).join("") };
  }

  async hand(command: string, payload: string): Promise<void> {
    this.commands.push(command);
    if (this.isSmall) throw AWAY;
    this.pending.set(command.split(" ")[3] ?? "", certificateOf(payload));
  }

  #answer(command: string): string {
    const [verb = "", , what = "", ...[first = "", second = ""]] = command.split(" ");
    if (!["acme", "dump", "show"].includes(verb)) this.commands.push(command);
    if (command === "acme status") {
      return `# certificate\tsection\tstate\n${[...this.obtained.keys()].map((name) => `${name}\tle\tScheduled\n`).join("")}`;
    }
    if (verb === "dump") return this.obtained.get(first) ?? "";
    if (command === "show ssl crt-list") return `${this.folder}\n`;
    if (command === "show ssl cert") return `# filename\n${[...this.loaded.keys()].join("\n")}\n`;
    if (verb === "show") return this.#show(first);
    if (verb === "new") return "New empty certificate store!\n";
    if (verb === "commit") return this.#commit(first);
    if (verb === "abort") this.pending.delete(first);
    return what === "crt-list" ? `Inserting ${second}\nSuccess!\n` : "\n";
  }

  #show(name: string): string {
    const found = name.startsWith("*") ? this.pending.get(name.slice(1)) : this.loaded.get(name);
    if (!found) return "Can't display the certificate\n";
    const [notBefore, notAfter] = [found.begins, found.ends].map((at) => new Date(at).toUTCString());
    return `Filename: ${name}\nSerial: ${found.serial}\nnotBefore: ${notBefore}\nnotAfter: ${notAfter}\nSHA1 FingerPrint: ${found.fingerprint}\n`;
  }

  #commit(name: string): string {
    if (this.refusal !== undefined) return `${this.refusal}\n`;
    const found = this.pending.get(name);
    if (found) this.loaded.set(name, found);
    return "Committing\nSuccess!\n";
  }
}

const ASKING = "acme le\n  directory https://x/\nfrontend f\n  bind :443 ssl crt /certs\n";
const TEXT = "frontend f\n  bind :443 ssl crt /certs\n";

/** A keeper, and a worker that has read the first certificate of the first name. */
async function world() {
  const directory = await tempDir();
  const folder = join(directory.path, "certs");
  await mkdir(folder);
  const path = (name: string): string => join(folder, `${name}.pem`);
  const put = (name: string, text: string): Promise<void> => writeFile(path(name), text);
  await put("a.test", pems["a.test"][0]);
  const worker = new Worker(folder);
  worker.loaded.set(path("a.test"), certificateOf(pems["a.test"][0]));
  const [clock, told] = [new ManualClock(), [] as HecdEvent[]];
  const keeper = new CertificateKeeper({
    ...{ resource: "r", runtime: worker, clock },
    emit: (event) => told.push(event),
  });
  return {
    ...{ worker, keeper, path, put, told },
    /** Looks again, later. */
    look: async (text = TEXT) => {
      await clock.advance(5_000);
      return keeper.adjust(text, signal);
    },
    kinds: () => told.map(({ kind }) => kind).filter((kind) => kind !== "certificates-compared"),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

describe("a keeper of certificates", () => {
  test("asks for nothing where a configuration has none", async () => {
    await using held = await world();
    const { worker, keeper, look } = held;
    worker.isAway = true;
    expect(await look("frontend f\n  bind :80\n")).toBeUndefined();
    expect([keeper.report, worker.commands]).toEqual([[], []]);
  });

  test("changes nothing where HAProxy has what is on disk, and reports it", async () => {
    await using held = await world();
    const { worker, keeper, look, path } = held;
    expect(await look()).toBeUndefined();
    const { names, serial, ends } = certificateOf(pems["a.test"][0]);
    expect(keeper.report).toEqual([{ file: path("a.test"), names, serial, expires: new Date(ends).toISOString() }]);
    expect(worker.commands).toEqual([]);
  });

  test("has none any more once a configuration has none", async () => {
    await using held = await world();
    const { keeper, look, told } = held;
    await look();
    await look("frontend f\n  bind :80\n");
    expect(keeper.report).toEqual([]);
    expect(told).toMatchObject([{ certificates: [{}] }, { kind: "certificates-compared", certificates: [] }]);
    await look();
    expect(keeper.report).toHaveLength(1);
  });

  test("replaces one that is another on disk, and adds one that is new", async () => {
    await using held = await world();
    const { worker, look, path, put, told, kinds } = held;
    await look();
    await put("a.test", pems["a.test"][1]);
    await put("b.test", pems["b.test"][0]);
    expect(await look()).toBeUndefined();
    expect(worker.commands).toEqual([
      `set ssl cert ${path("a.test")}`,
      `commit ssl cert ${path("a.test")}`,
      `new ssl cert ${path("b.test")}`,
      `set ssl cert ${path("b.test")}`,
      `commit ssl cert ${path("b.test")}`,
      `add ssl crt-list ${worker.folder} ${path("b.test")}`,
    ]);
    expect(kinds()).toEqual(["certificate-in-use", "certificate-in-use"]);
    expect(told.findLast(({ kind }) => kind === "certificates-compared")).toMatchObject({
      certificates: [{ file: path("a.test") }, { file: path("b.test") }],
    });
  });

  test("asks for a reload where HAProxy refuses, once that is made tells, and asks for none any more", async () => {
    await using held = await world();
    const { worker, keeper, look, path, put, told, kinds } = held;
    await look();
    await put("a.test", pems["a.test"][1]);
    worker.refusal = "unable to load it";
    const reason = `certificate ${path("a.test")}: HAProxy says: unable to load it`;
    expect(await look()).toBe(reason);
    expect(worker.commands.at(-1)).toBe(`abort ssl cert ${path("a.test")}`);
    await expect(keeper.adjust(TEXT, signal)).resolves.toBe(reason);
    keeper.reloaded();
    worker.pid = 2;
    expect(await look()).toBeUndefined();
    expect(await look()).toBeUndefined();
    expect(kinds()).toEqual(["certificate-refused"]);
    expect(told.at(-1)).toMatchObject({ reason: expect.stringContaining("a reload has not brought it in") as string });
  });

  test("asks for a reload where HAProxy hangs up on what it is given, and commits nothing of somebody else's", async () => {
    await using held = await world();
    const { worker, look, path, put } = held;
    await look();
    await put("a.test", pems["a.test"][1]);
    worker.isSmall = true;
    worker.pending.set(path("a.test"), certificateOf(pems["b.test"][0]));
    expect(await look()).toBe(`certificate ${path("a.test")}: HAProxy has not taken it`);
    expect(worker.commands).toEqual([`set ssl cert ${path("a.test")}`]);
  });

  test("tells why a reload would fail, and asks again once another file has changed", async () => {
    await using held = await world();
    const { worker, keeper, look, put, path, kinds } = held;
    await look();
    await put("a.test", pems["a.test"][1]);
    worker.refusal = "no";
    expect(await look()).toBeDefined();
    keeper.refuse("b.pem is no certificate");
    expect(await look()).toBeUndefined();
    expect(keeper.report[0]?.fault).toContain("b.pem is no certificate");
    worker.refusal = undefined;
    await put("b.test", pems["b.test"][0]);
    await look();
    await look();
    expect(worker.loaded.get(path("a.test"))).toEqual(certificateOf(pems["a.test"][1]));
    expect(kinds()).toEqual(["certificate-refused", "certificate-in-use", "certificate-in-use"]);
    expect(keeper.report[0]).not.toHaveProperty("fault");
  });

  test("leaves one in use that is broken or gone on disk, and tells of a broken one once", async () => {
    await using held = await world();
    const { worker, keeper, look, put, path, told, kinds } = held;
    await look();
    await put("a.test", pems["a.test"][1].slice(0, 100));
    for (let each = 0; each < 3; each++) expect(await look()).toBeUndefined();
    expect(kinds()).toEqual(["certificate-refused"]);
    expect(told.at(-1)).toMatchObject({ file: path("a.test"), isLoaded: true });
    expect(keeper.report).toMatchObject([
      { serial: certificateOf(pems["a.test"][0]).serial, fault: expect.stringContaining("middle") as string },
    ]);
    await rm(path("a.test"));
    expect(await look()).toBeUndefined();
    expect(worker.commands).toEqual([]);
    await put("b.test", "nothing");
    await look();
    expect(keeper.report.map(({ file }) => file)).toEqual([path("a.test"), path("b.test")]);
    await rm(path("b.test"));
    await look();
    expect(keeper.report.map(({ file }) => file)).toEqual([path("a.test")]);
  });

  test("puts on disk what HAProxy has got from an authority by itself, and gives it back to nobody", async () => {
    await using held = await world();
    const { worker, keeper, look, path, told, kinds } = held;
    const obtain = (name: "a.test" | "b.test", at: 0 | 1): void => {
      worker.obtained.set(path(name), pems[name][at]);
      worker.loaded.set(path(name), certificateOf(pems[name][at]));
    };
    obtain("a.test", 1);
    obtain("b.test", 0);
    await chmod(path("a.test"), 0o640);
    for (let each = 0; each < 2; each++) expect(await look(ASKING)).toBeUndefined();
    expect(await readFile(path("a.test"), "utf8")).toBe(pems["a.test"][1]);
    expect(await readFile(path("b.test"), "utf8")).toBe(pems["b.test"][0]);
    expect((await stat(path("a.test"))).mode & 0o777).toBe(0o640);
    expect((await stat(path("b.test"))).mode & 0o777).toBe(0o600);
    expect((await readdir(worker.folder)).sort()).toEqual(["a.test.pem", "b.test.pem"]);
    expect(kinds()).toEqual(["certificate-obtained", "certificate-obtained"]);
    expect(JSON.stringify([told, keeper.report])).not.toContain("PRIVATE");
    expect(worker.commands.filter((command) => !command.includes("a.test"))).toEqual([]);
    // What is renewed just before a reload is there for the next process.
    obtain("b.test", 1);
    await keeper.keepObtained(TEXT, signal);
    expect(await readFile(path("b.test"), "utf8")).toBe(pems["b.test"][0]);
    await keeper.keepObtained(ASKING, signal);
    expect(await readFile(path("b.test"), "utf8")).toBe(pems["b.test"][1]);
    worker.isAway = true;
    await expect(keeper.keepObtained(ASKING, signal)).resolves.toBeUndefined();
  });

  test("tells once of one that cannot be put on disk, and leaves it in use", async () => {
    await using held = await world();
    const { worker, keeper, look, path, told, kinds } = held;
    const away = join(worker.folder, "gone", "b.pem");
    worker.obtained.set(away, pems["b.test"][0]);
    worker.loaded.set(away, certificateOf(pems["b.test"][0]));
    for (let each = 0; each < 3; each++) expect(await look(ASKING)).toBeUndefined();
    expect(kinds()).toEqual(["certificate-obtained"]);
    expect(told.find(({ kind }) => kind === "certificate-obtained")).toMatchObject({
      ...{ file: away, names: ["b.test"], failure: expect.stringContaining("ENOENT") as string },
    });
    expect(keeper.report.find(({ file }) => file === away)?.fault).toContain("cannot be written");
    expect(keeper.report.find(({ file }) => file === path("a.test"))).not.toHaveProperty("fault");
    expect(worker.commands).toEqual([]);
  });

  test("asks anew who is there after HAProxy was away", async () => {
    await using held = await world();
    const { worker, look, put, path } = held;
    await look();
    worker.isAway = true;
    await put("a.test", pems["a.test"][1]);
    expect(await look()).toBeUndefined();
    worker.isAway = false;
    expect(await look()).toBeUndefined();
    expect(worker.loaded.get(path("a.test"))).toEqual(certificateOf(pems["a.test"][1]));
  });
});
