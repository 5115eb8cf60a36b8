import { mkdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { barriersOf, openBrowser } from "../support/browser.js";
import { busyNight, pinned } from "../support/busy-page.js";
import { openPageWorld, TOKEN } from "../support/page-world.js";

/** A folder in which each screen is left to be looked at. */
const PICTURES = process.env["HECD_TEST_PICTURES"];

describe("the page in a browser", () => {
  let browser: Awaited<ReturnType<typeof openBrowser>>;

  beforeAll(async () => {
    browser = await openBrowser();
    if (PICTURES !== undefined) await mkdir(PICTURES, { recursive: true });
  });

  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
  });

  test.each([
    ["light", { colorScheme: "light", width: 1280 }],
    ["dark", { colorScheme: "dark", width: 1280 }],
    ["wide", { colorScheme: "light", width: 1920 }],
    ["narrow", { colorScheme: "light", width: 360 }],
    ["narrow-dark", { colorScheme: "dark", width: 360 }],
  ] as const)("keeps nobody out, fits its window and asks nobody else (%s)", async (name, { colorScheme, width }) => {
    await using world = await openPageWorld();
    busyNight(world, Date.now());
    const { page, faults, strangers } = await browser.open(world.url, {
      colorScheme,
      viewport: { width, height: 900 },
    });
    await page.waitForFunction('document.querySelectorAll("tbody tr").length > 5');
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    expect(await barriersOf(page)).toEqual([]);
    expect([faults, strangers]).toEqual([[], []]);
    if (PICTURES !== undefined) await page.screenshot({ path: `${PICTURES}/page-${name}.png`, fullPage: true });
    await page.context().close();
  });

  test("is as whole without scripts, and a service opens and closes", async () => {
    await using world = await openPageWorld();
    busyNight(world, Date.now());
    const { page, faults } = await browser.open(world.url, { javaScriptEnabled: false });
    expect(await page.locator("h2").allTextContents()).toContain("■ 4 things to look at");
    const row = page.getByRole("row", { name: /api-2/ });
    expect(await row.textContent()).toContain("HAProxy has it down");
    await page.locator("#services summary", { hasText: "api" }).click();
    expect(await row.isVisible()).toBe(false);
    expect(await page.locator("#filter").isVisible()).toBe(false);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test("follows what changes, and leaves open what is open and where the keyboard is", async () => {
    await using world = await openPageWorld();
    busyNight(world, Date.now());
    const { page, faults } = await browser.open(world.url);
    await page.locator("#services summary", { hasText: "web" }).click();
    expect(await page.getByRole("row", { name: /web-1/ }).isVisible()).toBe(false);
    await page.locator("#services summary", { hasText: "api" }).focus();
    const [agent] = world.agents;
    const containers = agent?.containers.filter(({ name }) => name !== "api-2" && name !== "web-2") ?? [];
    world.agents = agent ? [{ ...agent, containers }] : [];
    world.told.tell({ kind: "deregistered", key: "/app/api/api-2" });
    await page.waitForSelector('[id="instance/api/node1:api-2:80"]', { state: "detached", timeout: 2_000 });
    expect(await page.locator("#log").textContent()).toContain("Deregistered /app/api/api-2");
    expect(await page.evaluate('document.activeElement?.closest("details")?.id')).toBe("service/api");
    expect(await page.getByRole("row", { name: /web-1/ }).isVisible()).toBe(false);
    expect(await page.locator("#said").textContent()).toMatch(/things? to/);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test("says that it is not live when the daemon is away, and follows the next one", async () => {
    await using world = await openPageWorld();
    const { page } = await browser.open(world.url);
    await page.waitForSelector("body:not(.is-stale)");
    await world[Symbol.asyncDispose]();
    await page.waitForSelector("body.is-stale", { timeout: 5_000 });
    await page.context().close();
  });

  test("takes orders of who has signed in, by the keyboard alone", async () => {
    await using world = await openPageWorld();
    busyNight(world, Date.now());
    const { page, faults } = await browser.open(world.url);
    expect(await page.getByRole("button", { name: "drain web-1" }).isVisible()).toBe(false);
    await page.getByLabel("Token").focus();
    await page.keyboard.type(TOKEN);
    await page.keyboard.press("Enter");
    await page.waitForSelector(".may-order");
    await page.getByRole("button", { name: "drain web-1", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.waitForSelector(".outcome");
    expect(world.orders).toEqual([`drain ${"web-1".padEnd(64, "0")}`]);
    expect(await page.locator(".outcome").textContent()).toBe("Container web-10000000 is drained");
    expect(await barriersOf(page)).toEqual([]);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForSelector("#token");
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test.each([
    ["light", { colorScheme: "light", width: 1280 }],
    ["narrow-dark", { colorScheme: "dark", width: 360 }],
  ] as const)("keeps nobody out of a pinned file and of a version's diff either (%s)", async (name, look) => {
    await using world = await openPageWorld();
    busyNight(world, Date.now());
    pinned(world, Date.now());
    const { colorScheme, width } = look;
    const { page, faults, strangers } = await browser.open(world.url, {
      colorScheme,
      viewport: { width, height: 900 },
    });
    await page.getByLabel("Token").fill(TOKEN);
    await page.keyboard.press("Enter");
    await page.waitForSelector(".may-order");
    expect(await page.locator("#state").textContent()).toContain("haproxy is pinned to version 58 since");
    const lookAt = async (screen: string) => {
      expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
      expect(await barriersOf(page)).toEqual([]);
      if (PICTURES !== undefined) await page.screenshot({ path: `${PICTURES}/${screen}-${name}.png`, fullPage: true });
    };
    await lookAt("pinned");
    await page.getByRole("link", { name: "60", exact: true }).click();
    await page.waitForSelector("#version");
    expect(await page.locator(".diff .added").first().textContent()).toContain("backend checkout");
    await lookAt("version");
    await page.getByLabel("Keep it").selectOption("1h");
    await page.getByRole("button", { name: "Roll back to version 60" }).click();
    await page.waitForSelector(".outcome");
    expect(world.orders).toEqual(["rollback 60 for 3600000"]);
    expect(await page.locator(".outcome").textContent()).toBe("haproxy is pinned to version 60");
    expect([faults, strangers]).toEqual([[], []]);
    await page.context().close();
  });
});
