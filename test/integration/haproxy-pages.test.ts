import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { NO_PAGES } from "../../src/core/model/error-pages.js";
import { errorPagesFolder } from "../../src/edges/output/error-pages-folder.js";
import { Echo, greetingAt } from "../support/echo.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { heldEnv } from "../support/held-env.js";
import { LabelWorld, Site } from "../support/label-world.js";
import { tempDir } from "../support/temp-dir.js";

const PAGE = (status: string, body: string): string => `HTTP/1.0 ${status}\r\nContent-Type: text/plain\r\n\r\n${body}`;

/** The pages of a folder, as a renderer finds them. */
async function pagesIn(folder: string) {
  const { errorPages = NO_PAGES } = await errorPagesFolder(folder).read();
  return errorPages;
}

describe("pages of the site", () => {
  test("are answered instead of HAProxy's own, each change by a reload, and broken ones never", async () => {
    await using dir = await tempDir();
    await using site = await Site.start("site");
    const write = (name: string, text: string) => writeFile(join(dir.path, name), text);
    await write("404.http", PAGE("404 Not Found", "nobody"));
    await write("503.http", PAGE("503 Service Unavailable", "away"));
    const shop = site.as({ "hecd.http.host": "shop.example" });
    const env = { HECD_DEFAULT_SERVICE: "" };
    await using world = await LabelWorld.start([shop], { env, pages: () => pagesIn(dir.path) });
    const answer = async (host: string) => {
      const { status, body } = await world.ask("/", { host });
      return `${status} ${body}`;
    };
    expect([await answer("shop.example"), await answer("else.example")]).toEqual(["200 site", "404 nobody"]);
    await world.haproxy.ask(`set server web/site:127.0.0.1:${site.port} state maint`);
    expect(await answer("shop.example")).toBe("503 away");

    await write("404.http", PAGE("404 Not Found", "still nobody"));
    expect(await world.have([shop])).toEqual([expect.stringMatching(/^http-errors _pages\.[0-9a-f]{12} is new$/)]);
    expect([await answer("shop.example"), await answer("else.example")]).toEqual(["200 site", "404 still nobody"]);
    expect(await world.have([shop])).toEqual([]);

    await write("404.http", "<html>nobody</html>");
    await world.have([shop]);
    expect([await answer("shop.example"), await answer("else.example")]).toEqual([
      "200 site",
      expect.stringMatching(/^404 .*404 Not Found/s),
    ]);
    for (const name of ["404.http", "503.http"]) await rm(join(dir.path, name));
    await world.have([shop]);
    expect(await answer("shop.example")).toBe("200 site");
  });
});

describe("a service in maintenance", () => {
  test("answers 503 with its page and when to ask again, at once although others wait out their hold, and serves afterwards", async () => {
    await using dir = await tempDir();
    await using site = await Site.start("site");
    await using other = await Site.start("other");
    await writeFile(join(dir.path, "maintenance.http"), PAGE("503 Service Unavailable", "back at noon"));
    const all = [site.as(), other.as({ "hecd.service": "other", "hecd.http.host": "other.example" })];
    const env = { ...(await heldEnv("8s")), HECD_RETRY_AFTER: "90" };
    await using world = await LabelWorld.start(all, { env, pages: () => pagesIn(dir.path) });
    const waiting = world.haproxy
      .ask(`set server web/site:127.0.0.1:${site.port} state maint`)
      .then(() => world.ask("/waits"));
    await eventually("a request that waits", async () =>
      (await world.haproxy.ask("show stat web 2 -1")).includes("web,BACKEND,0,0,1,"),
    );
    await world.have(all, ["web"]);
    const closed = { status: 503, body: "back at noon", headers: { "retry-after": "90" } };
    const asked = await world.ask();
    expect(asked).toMatchObject(closed);
    expect(await waiting).toMatchObject({ status: 503 }); // it was let in before, and waits for no longer than its hold
    expect(asked.tookMs).toBeLessThan(5_000);
    expect((await world.ask("/", { host: "other.example" })).body).toBe("other");
    await rm(join(dir.path, "maintenance.http"));
    await world.have(all, ["web"]);
    expect(await world.ask()).toMatchObject({ status: 503, headers: { "retry-after": "90" } });
    await world.have(all);
    expect((await world.ask()).body).toBe("site");
  });

  test("closes connections of TCP at once", async () => {
    await using redis = await Echo.start("redis");
    const port = await freePort();
    const env = { HECD_TCP_PORTS: `127.0.0.1:${port}`, ...(await heldEnv("30s")) };
    await using world = await LabelWorld.start([redis.at(port)], { env });
    expect(await greetingAt(port)).toBe("redis");
    await world.have([redis.at(port)], ["redis"]);
    const begunAt = performance.now();
    expect(await greetingAt(port)).toBe("");
    expect(performance.now() - begunAt).toBeLessThan(5_000);
  });
});

describe("HAProxy in a chroot", () => {
  test("serves, has requests wait through a reload, and changes its servers at run time", async () => {
    await using dir = await tempDir();
    await chmod(dir.path, 0o755); // its user comes back to a socket in it
    await using site = await Site.start("site");
    await using redis = await Echo.start("redis");
    await using more = await Site.start("more");
    const port = await freePort();
    const env = {
      ...(await heldEnv("30s")),
      ...{ HECD_HAPROXY_CHROOT: dir.path, HECD_HAPROXY_USER: "haproxy", HECD_TCP_PORTS: `127.0.0.1:${port}` },
    };
    const held = redis.at(port, { "hecd.sticky": "true" });
    await using world = await LabelWorld.start([site.as(), held], { env });
    expect([await world.bodies(1), await greetingAt(port)]).toEqual([["site"], "redis"]);
    await world.haproxy.ask(`set server web/site:127.0.0.1:${site.port} state maint`);
    await world.haproxy.ask(`set server redis/redis:127.0.0.1:${held.port} state maint`);
    const asked = [world.ask(), world.ask()];
    const greeting = greetingAt(port);
    await eventually("all to wait", async () => {
      const stats = await world.haproxy.ask("show stat -1 -1 -1");
      return /^web,BACKEND,0,0,2,/m.test(stats) && /^redis,FRONTEND,[^,]*,[^,]*,1,/m.test(stats);
    });
    // What waits goes on by the sockets when its process ends: one that has a line of its own comes by a reload everywhere.
    const others = [held, more.as({ "hecd.service": "more", "hecd.balance": "source" })];
    expect(await world.have([site.as(), ...others])).toHaveLength(1);
    expect((await Promise.all(asked)).map(({ body }) => body)).toEqual(["site", "site"]);
    expect(await greeting).toBe("redis");
    expect(await world.have([more.as(), ...others])).toEqual([]);
    expect(await world.bodies(2)).toEqual(["more", "more"]);
  });
});

describe("a server is told how a request came", () => {
  const said = { "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.7" };
  const heard = (site: Site) => {
    const { headers, headersDistinct } = site.requests.at(-1) ?? {};
    return [headers?.["x-forwarded-proto"], headersDistinct?.["x-forwarded-for"]?.join()];
  };

  test("by HAProxy itself, whatever a client says; its word on addresses stands before the true one", async () => {
    await using site = await Site.start("site");
    await using world = await LabelWorld.start([site.as()]);
    await world.ask();
    expect(heard(site)).toEqual(["http", "127.0.0.1"]);
    await world.ask("/", said);
    expect(heard(site)).toEqual(["http", "192.0.2.7,127.0.0.1"]);
  });

  test("by proxies that are trusted, and by no one else", async () => {
    await using site = await Site.start("site");
    await using trusting = await LabelWorld.start([site.as()], { env: { HECD_TRUSTED_PROXIES: "::1 127.0.0.0/8" } });
    await trusting.ask("/", said);
    expect(heard(site)).toEqual(["https", "192.0.2.7,127.0.0.1"]);
    await trusting.ask();
    expect(heard(site)).toEqual(["http", "127.0.0.1"]);
    await using wary = await LabelWorld.start([site.as()], { env: { HECD_TRUSTED_PROXIES: "10.0.0.0/8" } });
    await wary.ask("/", said);
    expect(heard(site)).toEqual(["http", "127.0.0.1"]);
  });
});
