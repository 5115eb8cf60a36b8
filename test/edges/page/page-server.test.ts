import { request } from "node:http";
import { describe, expect, test } from "vitest";
import type { HistoryEntry } from "../../../src/core/history/entry.js";
import type { PinState } from "../../../src/core/history/pin.js";
import { snapshotOf } from "../../../src/core/model/snapshot.js";
import { eventually } from "../../support/eventually.js";
import {
  agentOf,
  openPageWorld,
  type PageWorld,
  serverStatistics,
  servingContainer,
  TOKEN,
} from "../../support/page-world.js";

/** One request with exactly these headers; redirects are not followed. */
function ask(
  { url }: Pick<PageWorld, "url">,
  path: string,
  {
    method = "GET",
    headers = {},
    body = "",
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<{
  readonly code: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => {
        resolve({ code: response.statusCode ?? 0, headers: response.headers, body: text });
      });
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

const FORM = { "content-type": "application/x-www-form-urlencoded" };

function post(world: PageWorld, path: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
  const body = new URLSearchParams(fields).toString();
  return ask(world, path, { method: "POST", headers: { ...FORM, ...headers }, body });
}

/** Signs in: the cookie, and what a form of that visitor carries. */
async function signIn(world: PageWorld): Promise<{ readonly cookie: string; readonly csrf: string }> {
  const { headers } = await post(world, "/page/login", { token: TOKEN });
  const cookie = String(headers["set-cookie"]).split(";")[0] ?? "";
  const { body } = await ask(world, "/", { headers: { cookie } });
  return { cookie, csrf: /name="csrf" value="([^"]+)"/.exec(body)?.[1] ?? "" };
}

describe("the page", () => {
  test("is whole without a script: services, instances and why they do not serve", async () => {
    await using world = await openPageWorld();
    const because = { reason: "draining", advice: "It is drained and comes back with hecd undrain" };
    const drained = servingContainer("web", "web-2", "10.0.0.5:2", { state: "draining", drained: true }, because);
    world.agents = [agentOf([servingContainer("web", "web-1", "10.0.0.5:1"), drained])];
    world.proxies = new Map([["h", { servers: [serverStatistics("web", "10.0.0.5:1")], backends: [] }]]);
    const { code, headers, body } = await ask(world, "/");
    expect([code, headers["content-type"], headers["cache-control"]]).toEqual([
      200,
      "text/html; charset=utf-8",
      "no-store",
    ]);
    expect(body).toMatch(/<title>1 thing to know: node1: hecd up<\/title>/);
    for (const words of [
      "web-1",
      "10.0.0.5:1",
      "draining: It is drained and comes back with hecd undrain",
      "L4OK in 0 ms",
    ]) {
      expect(body).toContain(words);
    }
  });

  test("shows what a stranger has written as what it is", async () => {
    await using world = await openPageWorld();
    const evil = '<img src=x onerror="alert(1)">';
    world.snapshot = snapshotOf(1n, [[`/app/web/${evil}`, evil]]);
    world.agents = [agentOf([{ id: evil, name: evil, decision: { reason: evil, advice: evil } }])];
    world.told.tell({ kind: "advice", about: evil, advice: evil });
    const { body } = await ask(world, "/");
    expect(body).not.toContain("<img");
    expect(body).toContain("&lt;img src&#x3D;x onerror&#x3D;&quot;alert(1)&quot;&gt;");
  });

  test("lets a browser load nothing from elsewhere, run nothing else and be framed by nobody", async () => {
    await using world = await openPageWorld();
    const { headers, body } = await ask(world, "/");
    expect(headers["content-security-policy"]).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
        "base-uri 'none'; frame-ancestors 'none'",
    );
    expect(body).not.toMatch(/https?:\/\/(?!127)|<style|style=|onclick|javascript:/);
    for (const [, asset = ""] of body.matchAll(/(?:href|src)="(page\/[^"]+)"/g)) {
      const answer = await ask(world, `/${asset}`);
      expect([asset, answer.code]).toEqual([asset, 200]);
      const again = await ask(world, `/${asset}`, { headers: { "if-none-match": String(answer.headers["etag"]) } });
      expect(again.code).toBe(304);
    }
    expect((await ask(world, "/page/../../package.json")).code).toBe(404);
  });

  test.each(["evil.example", "127.0.0.1.evil.example:9180"])("is not answered by the name %s", async (host) => {
    await using world = await openPageWorld();
    for (const path of ["/", "/page/live", "/page/page.js"]) {
      expect((await ask(world, path, { headers: { host } })).code).toBe(403);
    }
  });

  test("leads whoever has it to what has changed since, and to nothing else", async () => {
    await using world = await openPageWorld();
    world.agents = [
      agentOf([servingContainer("web", "web-1", "10.0.0.5:1"), servingContainer("web", "web-2", "10.0.0.5:2")]),
    ];
    const version = /data-version="([^"]+)"/.exec((await ask(world, "/")).body)?.[1] ?? "";
    const live = await fetch(`${world.url}/page/live?since=${version}`);
    let text = "";
    const reading = (async () => {
      for await (const chunk of live.body?.pipeThrough(new TextDecoderStream()) ?? []) text += chunk;
    })().catch(() => undefined); // ends with the world
    await eventually("the time", () => text.includes("event: time"));
    expect(text).not.toContain("event: patch");
    world.agents = [
      agentOf([servingContainer("web", "web-1", "10.0.0.5:1"), servingContainer("web", "web-3", "10.0.0.5:3")]),
    ];
    world.told.tell({ kind: "registered", key: "/app/web/web-3", value: "10.0.0.5:3" });
    const patch = await eventually("a patch", () => /event: patch\ndata: (.+web-3.+)\n/.exec(text)?.[1], 2_000);
    const { lists, made, set } = JSON.parse(patch) as {
      lists: [string, string[]][];
      made: object;
      set: [string, string][];
    };
    expect(lists).toEqual([["service/web/rows", ["instance/web/node1:web-1:80", "instance/web/node1:web-3:80"]]]);
    expect(Object.keys(made)).toEqual(["instance/web/node1:web-3:80"]);
    expect(set.map(([id]) => id)).toEqual(["log"]);
    await world[Symbol.asyncDispose]();
    await reading;
  });

  test("gives all of itself to whoever has a page of another process", async () => {
    await using world = await openPageWorld();
    world.agents = [agentOf([servingContainer("web", "web-1", "10.0.0.5:1")])];
    const live = await fetch(`${world.url}/page/live?since=00000000-7`);
    let text = "";
    for await (const chunk of live.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      if (/event: patch\ndata: .+\n\n/.test(text)) break;
    }
    for (const id of ["service/web", "instance/web/node1:web-1:80", "state", "links", "log"])
      expect(text).toContain(`"${id}"`);
  });
});

describe("orders at the page", () => {
  test("are given by who has signed in, and the outcome is told once", async () => {
    await using world = await openPageWorld();
    const { cookie, csrf } = await signIn(world);
    const headers = { cookie, origin: world.url, "sec-fetch-site": "same-origin" };
    const answer = await post(world, "/page/orders", { csrf, order: "drain container web-1" }, headers);
    expect([answer.code, answer.headers["location"]]).toEqual([303, "../#orders"]);
    await post(world, "/page/orders", { csrf, order: "undrain service web" }, headers);
    expect(world.orders).toEqual(["drain web-1", "undrain service web"]);
    expect((await ask(world, "/", { headers: { cookie } })).body).toContain("Service web is in service");
    expect((await ask(world, "/", { headers: { cookie } })).body).not.toContain("Service web is in service");
  });

  test("need a cookie that no other page can send and no script can read", async () => {
    await using world = await openPageWorld();
    const { headers } = await post(world, "/page/login", { token: TOKEN });
    expect(String(headers["set-cookie"])).toMatch(/^hecd-up=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/);
  });

  test.each([
    ["without a cookie", (_: string, csrf: string) => [{ csrf }, {}] as const],
    ["without the secret of a form", (cookie: string) => [{}, { cookie }] as const],
    ["with another's secret", (cookie: string) => [{ csrf: "x".repeat(43) }, { cookie }] as const],
    [
      "from another site",
      (cookie: string, csrf: string) => [{ csrf }, { cookie, "sec-fetch-site": "cross-site" }] as const,
    ],
    [
      "from another origin",
      (cookie: string, csrf: string) => [{ csrf }, { cookie, origin: "http://evil.example" }] as const,
    ],
    ["by another name", (cookie: string, csrf: string) => [{ csrf }, { cookie, host: "evil.example" }] as const],
  ])("are refused %s", async (_, how) => {
    await using world = await openPageWorld();
    const { cookie, csrf } = await signIn(world);
    const [fields, headers] = how(cookie, csrf);
    const answer = await post(world, "/page/orders", { ...fields, order: "drain container web-1" }, headers);
    expect([answer.code, world.orders]).toEqual([403, []]);
  });

  test("are refused that there are not, and what is no form", async () => {
    await using world = await openPageWorld();
    const { cookie, csrf } = await signIn(world);
    for (const order of ["kill container web-1", "drain container ../x", "drain", ""]) {
      await post(world, "/page/orders", { csrf, order }, { cookie });
    }
    const json = await ask(world, "/page/orders", {
      method: "POST",
      headers: { cookie, "content-type": "application/json" },
    });
    const long = await post(world, "/page/orders", { csrf, order: "x".repeat(10_000) }, { cookie });
    expect([json.code, long.code, world.orders]).toEqual([400, 400, []]);
  });

  test("end with the session", async () => {
    await using world = await openPageWorld();
    const { cookie, csrf } = await signIn(world);
    const out = await post(world, "/page/logout", { csrf }, { cookie });
    expect(String(out.headers["set-cookie"])).toContain("Max-Age=0");
    expect((await post(world, "/page/orders", { csrf, order: "drain container a" }, { cookie })).code).toBe(403);
  });

  test("are given to nobody by a wrong token, and guessing ends soon", async () => {
    await using world = await openPageWorld();
    const codes = [];
    for (let n = 0; n < 12; n++) codes.push((await post(world, "/page/login", { token: `wrong-${n}` })).code);
    expect(codes).toEqual([...Array.from({ length: 10 }, () => 403), 429, 429]);
    expect((await post(world, "/page/login", { token: TOKEN })).code).toBe(429);
  });

  test("are taken from nobody where there is no token", async () => {
    await using world = await openPageWorld({ token: null });
    expect((await ask(world, "/")).body).toContain("Nothing can be ordered here");
    expect((await post(world, "/page/login", { token: "" })).code).toBe(405);
    expect((await post(world, "/page/orders", { order: "drain container a" })).code).toBe(405);
  });

  test("of commands need the token as well, where there is one", async () => {
    await using world = await openPageWorld();
    const path = "/containers/web-1/drain";
    const headers = { "x-hecd-order": "drain" };
    const refused = await ask(world, path, { method: "POST", headers });
    expect([refused.code, refused.body]).toEqual([
      401,
      '{"refused":"An order needs the token of --admin-token-file"}\n',
    ]);
    const wrong = await ask(world, path, { method: "POST", headers: { ...headers, authorization: "Bearer nope" } });
    expect(wrong.code).toBe(401);
    const right = await ask(world, path, { method: "POST", headers: { ...headers, authorization: `Bearer ${TOKEN}` } });
    expect([right.code, world.orders]).toEqual([200, ["drain web-1"]]);
  });
});

/** An entry of the one file. */
function entryOf(id: number, more: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    ...{ id, at: "2026-11-30T02:13:07.123Z", resource: "haproxy", dest: "/haproxy.cfg" },
    ...{ why: { kind: "template" }, outcome: "applied", tookMs: 9, digest: `d${id}`, ...more },
  };
}

/** Gives a page a file with these entries, the newest first, and pins it where that is asked for. */
function keepFile(world: PageWorld, entries: readonly HistoryEntry[], pinned?: PinState): void {
  const file = { name: "haproxy", dest: "/haproxy.cfg" };
  world.files = { problems: [], resources: [{ ...file, ...(pinned && { pinned }) }] };
  world.histories = [{ ...file, entries }];
}

const PINNED: PinState = { to: 7, since: "2026-11-30T02:20:00.000Z", out: ["web/a"], waiting: 2 };

describe("the history at the page", () => {
  test("is there without a script: each version, what was said, and that the file is pinned", async () => {
    await using world = await openPageWorld();
    keepFile(
      world,
      [entryOf(9, { outcome: "rejected", output: "line 3: unknown <word>" }), entryOf(8), entryOf(7)],
      PINNED,
    );
    const { body } = await ask(world, "/");
    for (const words of [
      "haproxy is pinned to version 7 since 2026-11-30 02:20:00Z, until hecd resume, 1 server of it is out of work, 2 new addresses wait",
      '<a href="page/versions/9">9</a>',
      "line 3: unknown &lt;word&gt;",
      "because the template or its resource was edited",
    ]) {
      expect(body).toContain(words);
    }
    expect(body).toMatch(/<li class="warn">.*<a href="#history\/haproxy">haproxy is pinned/);
  });

  test("is that of each file", async () => {
    await using world = await openPageWorld();
    const names = ["a", "b", "c"];
    world.files = { problems: [], resources: names.map((name) => ({ name, dest: `/${name}` })) };
    world.histories = names.map((name, n) => ({ name, dest: `/${name}`, entries: [entryOf(n + 1)] }));
    const { body } = await ask(world, "/");
    expect([...body.matchAll(/<details class="fold history" id="([^"]+)"(?: open)?>/g)].map(([, id]) => id)).toEqual([
      ...["history/a", "history/b", "history/c"],
    ]);
  });

  test("is not on the page of an agent, and nothing is asked about it there", async () => {
    await using world = await openPageWorld({ role: "agent" });
    expect((await ask(world, "/")).body).not.toContain("History");
    expect((await ask(world, "/page/versions/7")).code).toBe(404);
  });

  test("leads whoever has the page to a new version within a second, and to no more than that", async () => {
    await using world = await openPageWorld();
    keepFile(world, [entryOf(8), entryOf(7)]);
    const version = /data-version="([^"]+)"/.exec((await ask(world, "/")).body)?.[1] ?? "";
    const live = await fetch(`${world.url}/page/live?since=${version}`);
    let text = "";
    const reading = (async () => {
      for await (const chunk of live.body?.pipeThrough(new TextDecoderStream()) ?? []) text += chunk;
    })().catch(() => undefined); // ends with the world
    await eventually("the time", () => text.includes("event: time"));
    keepFile(world, [entryOf(9), entryOf(8), entryOf(7)]);
    world.noted();
    const patch = await eventually("a patch", () => /event: patch\ndata: (.+history.+)\n/.exec(text)?.[1], 1_000);
    const { lists, made, set } = JSON.parse(patch) as {
      lists: [string, string[]][];
      made: object;
      set: [string, string][];
    };
    expect(lists).toEqual([["history/haproxy/rows", ["history/haproxy/9", "history/haproxy/8", "history/haproxy/7"]]]);
    expect(Object.keys(made)).toEqual(["history/haproxy/9"]);
    expect(set.map(([id]) => id)).toEqual(["history/haproxy/head", "history/haproxy/8"]); // which is no longer the present one
    await world[Symbol.asyncDispose]();
    await reading;
  });

  test("has a page of each version with its diff, for whoever may read the file or has signed in", async () => {
    await using world = await openPageWorld();
    keepFile(world, [entryOf(9), entryOf(8)]);
    const asked: unknown[] = [];
    world.diff = (id, question) => {
      asked.push([id, question]);
      return {
        entry: entryOf(id),
        isRefused: false,
        diff: question?.isTrusted ? "@@ -1 +1 @@\n-<old>\n+new\n" : undefined,
      };
    };
    const stranger = await ask(world, "/page/versions/8");
    expect([stranger.code, stranger.headers["content-security-policy"]]).toEqual([
      200,
      expect.stringContaining("default-src 'none'"),
    ]);
    expect(stranger.body).toContain("Not everybody may read this file");
    expect(stranger.body).not.toContain("old");
    const { cookie, csrf } = await signIn(world);
    const { body } = await ask(world, "/page/versions/8?against=9", { headers: { cookie } });
    expect(body).toContain('<span class="removed">-&lt;old&gt;\n</span><span class="added">+new\n</span>');
    expect(body).toContain("How it differs from version 9");
    expect(body).toContain(`name="csrf" value="${csrf}"`);
    expect(asked).toEqual([
      [8, { against: undefined, isTrusted: false }],
      [8, { against: 9, isTrusted: true }],
    ]);
  });

  test.each(["/page/versions/77", "/page/versions/77?against=x"])(
    "says at %s that there is no such version",
    async (path) => {
      await using world = await openPageWorld();
      const { code, body } = await ask(world, path);
      expect([code, body]).toEqual([404, "There is no version 77 any more, or there has never been one\n"]);
    },
  );
});

describe("the way back at the page", () => {
  test.each([
    [{ order: "rollback version 7" }, "rollback 7 for undefined", "haproxy is pinned to version 7"],
    [{ order: "rollback version 7", for: "1h30m" }, "rollback 7 for 5400000", "haproxy is pinned to version 7"],
    [{ order: "resume file haproxy" }, "resume haproxy", "haproxy follows the store again"],
  ])("is taken as %j, and told once", async (fields, order, words) => {
    await using world = await openPageWorld();
    const { cookie, csrf } = await signIn(world);
    const answer = await post(world, "/page/orders", { csrf, ...fields }, { cookie });
    expect([answer.code, world.orders]).toEqual([303, [order]]);
    expect((await ask(world, "/", { headers: { cookie } })).body).toContain(words);
    expect((await ask(world, "/", { headers: { cookie } })).body).not.toContain(`role="status">${words}`);
  });

  test.each([
    [{ order: "rollback version 99" }, "Refused: Version 99 was refused, and haproxy has never had it"],
    [{ order: "rollback version 7", for: "soon" }, "Refused: &quot;soon&quot; is no time such as 1h or 15m"],
    [{ order: "resume file other" }, "Refused: There is no resource other"],
    [{ order: "rollback version x" }, "There is no such order"],
  ])("is refused in words where it leads nowhere: %j", async (fields, words) => {
    await using world = await openPageWorld();
    const { cookie, csrf } = await signIn(world);
    await post(world, "/page/orders", { csrf, ...fields }, { cookie });
    expect(world.orders).toEqual([]);
    expect((await ask(world, "/", { headers: { cookie } })).body).toContain(words);
  });

  test("needs the secret of a form, a token, and a page that has a history", async () => {
    await using world = await openPageWorld();
    const { cookie, csrf } = await signIn(world);
    const order = "rollback version 7";
    for (const [fields, headers] of [
      [{ csrf }, {}],
      [{ csrf: "x".repeat(43) }, { cookie }],
      [{ csrf }, { cookie, origin: "http://evil.example" }],
    ] as const) {
      expect((await post(world, "/page/orders", { ...fields, order }, headers)).code).toBe(403);
    }
    await using closed = await openPageWorld({ token: null });
    expect((await post(closed, "/page/orders", { order })).code).toBe(405);
    await using agent = await openPageWorld({ role: "agent" });
    const other = await signIn(agent);
    await post(agent, "/page/orders", { csrf: other.csrf, order }, { cookie: other.cookie });
    expect([world.orders, closed.orders, agent.orders]).toEqual([[], [], []]);
  });
});
