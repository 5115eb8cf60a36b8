import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CfgRules, cfgAnswers } from "../../../src/edges/cfg/cfg-answers.js";
import { type Listening, listenAt } from "../../../src/edges/host/listening.js";
import { tokenTest } from "../../../src/edges/status/orders.js";
import type { FoundFile, GivenFiles } from "../../../src/ports.js";

const TOKEN = "0123456789abcdef0123";

const KNOWN: Readonly<Record<string, FoundFile>> = {
  web: { kind: "found", text: "global\n", isPublic: true, format: undefined },
  "10.0.0.9": { kind: "found", text: "ü\n", isPublic: true, format: undefined },
  own: { kind: "found", text: "password\n", isPublic: false, format: undefined },
  table: { kind: "found", text: "{}\n", isPublic: true, format: "json" },
  new: { kind: "none-yet", resource: "new" },
  both: { kind: "ambiguous", resources: ["a", "b"] },
};

const files: GivenFiles = {
  find: async (name) => {
    if (name === "broken") throw new Error("Cannot read /x: no");
    return KNOWN[name] ?? { kind: "unknown", resources: ["web", "own"] };
  },
};

let rules: CfgRules = { files };
let listening: Listening;

beforeAll(async () => {
  const server = createServer((request, response) => {
    void cfgAnswers(rules)
      .take(request, response)
      .then((isTaken) => isTaken || response.writeHead(418).end());
  });
  listening = await listenAt(server, "127.0.0.1:0", "listen");
});

afterAll(async () => {
  await listening[Symbol.asyncDispose]();
});

async function ask(path: string, init: RequestInit = {}, given: Omit<CfgRules, "files"> = {}) {
  rules = { files, ...given };
  const response = await fetch(`http://${listening.address}${path}`, init);
  return { code: response.status, text: await response.text(), headers: response.headers };
}

const isToken = tokenTest(TOKEN);
const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString("base64")}` });

describe("a file that is asked for by its name", () => {
  test("is given as it is, with a tag, and is to be asked for again each time", async () => {
    const { code, text, headers } = await ask("/cfg/10.0.0.9?anything");
    expect([code, text]).toEqual([200, "ü\n"]);
    expect(headers.get("etag")).toMatch(/^"[\w-]{43}"$/);
    expect(headers.get("content-length")).toBe("3");
    expect([headers.get("content-type"), headers.get("cache-control")]).toEqual([
      "text/plain; charset=utf-8",
      "no-cache",
    ]);
  });

  test.each(['"other", TAG', "W/TAG", "*", "TAG"])(
    "is not sent again to who has it, by If-None-Match: %s",
    async (tags) => {
      const etag = (await ask("/cfg/web")).headers.get("etag") ?? "";
      const { code, text, headers } = await ask("/cfg/web", {
        headers: { "if-none-match": tags.replace("TAG", etag) },
      });
      expect([code, text, headers.get("etag")]).toEqual([304, "", etag]);
    },
  );

  test("is sent to who has another one", async () => {
    const etag = (await ask("/cfg/10.0.0.9")).headers.get("etag") ?? "";
    expect(await ask("/cfg/web", { headers: { "if-none-match": etag } })).toMatchObject({
      code: 200,
      text: "global\n",
    });
  });

  test("is told of by HEAD without its text", async () => {
    const { code, text, headers } = await ask("/cfg/web", { method: "HEAD" });
    expect([code, text, headers.get("content-length")]).toEqual([200, "", "7"]);
    expect(headers.get("etag")).toBe((await ask("/cfg/web")).headers.get("etag"));
  });

  test("has the type of its format, where it is held to one", async () => {
    expect((await ask("/cfg/table")).headers.get("content-type")).toBe("application/json");
  });

  test("is read only", async () => {
    const { code, headers } = await ask("/cfg/web", { method: "POST" });
    expect([code, headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test.each([
    ["nothing", 404, 'There is no file "nothing": there is web, own\n'],
    ["a%22%0a", 404, 'There is no file "a\\"\\n": there is web, own\n'],
    ["", 404, 'There is no file "": there is web, own\n'],
    ["%ff", 400, "This is no name\n"],
    ["both", 404, "both may be the file of a or b: ask for one of these\n"],
    ["new", 503, "new has no valid file yet\n"],
    ["broken", 500, "Cannot read /x: no\n"],
  ])("is not there by the name %j: %i", async (name, code, text) => {
    expect(await ask(`/cfg/${name}`)).toMatchObject({ code, text });
  });

  test("leaves every other path to others", async () => {
    expect((await ask("/cfg")).code).toBe(418);
    expect((await ask("/state")).code).toBe(418);
  });
});

describe("who may have a file", () => {
  test("is everybody without a token, as far as everybody may read it", async () => {
    expect(await ask("/cfg/own")).toMatchObject({
      code: 403,
      text: expect.stringMatching(/^Not everybody may/) as string,
    });
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect(await ask("/cfg/own", { headers }, { isToken })).toMatchObject({ code: 200, text: "password\n" });
  });

  test.each<[string, Record<string, string>, number]>([
    ["nothing", {}, 401],
    ["a token", { authorization: `Bearer ${TOKEN}` }, 200],
    ["a password", basic(`anybody:${TOKEN}`), 200],
    ["a password beside no name", basic(`:${TOKEN}`), 200],
    ["another token", { authorization: `Bearer ${TOKEN}0` }, 401],
    ["another password", basic(`${TOKEN}:anybody`), 401],
    ["a token in the place of a name and a password", basic(TOKEN), 200],
  ])("by %s is told by where a token is needed: %#", async (_, headers, code) => {
    const answer = await ask("/cfg/web", { headers }, { isToken });
    expect(answer.code).toBe(code);
    if (code === 401) expect(answer.headers.get("www-authenticate")).toBe('Basic realm="hecd"');
  });

  test("learns no names without the token", async () => {
    expect((await ask("/cfg/nothing", {}, { isToken })).code).toBe(401);
  });

  test("is nobody where files are not given out", async () => {
    expect(await ask("/cfg/web", {}, { refusal: "Elsewhere" })).toMatchObject({ code: 403, text: "Elsewhere\n" });
  });
});
