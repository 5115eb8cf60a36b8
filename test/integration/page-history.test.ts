import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openBrowser } from "../support/browser.js";
import { eventually } from "../support/eventually.js";
import { Line } from "../support/line.js";

const TOKEN = "correct-horse-battery-staple";

/** A check and a reload take their time on a busy machine. */
function soon<T>(what: string, probe: () => Promise<T>) {
  return eventually(what, probe, 60_000);
}

test("the page shows what was changed, rolls back to a version, and has the file follow the store again", async () => {
  await using line = await Line.start();
  const tokenFile = join(line.confdir, "token");
  await writeFile(tokenFile, `${TOKEN}\n`, { mode: 0o600 });
  const template = join(line.confdir, "templates/haproxy.cfg.hbs");
  const edit = async (from: string | RegExp, to: string): Promise<void> => {
    await writeFile(template, (await readFile(template, "utf8")).replace(from, to));
  };
  const file = () => readFile(line.haproxy.configPath, "utf8");
  const renderer = line.renderer("--admin-token-file", tokenFile);
  await renderer.said(/"listening"/, 30_000);
  await line.etcd.write([["/app/web/w1", "127.0.0.1:9001"]]);
  await soon("the server in work", async () => (await line.serversOf("web")).join() === "w1");

  await using browser = await openBrowser();
  const { page, faults, strangers } = await browser.open(`http://${line.rendererAddress}/`);
  await page.getByLabel("Token").fill(TOKEN);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".may-order");
  const rows = page.locator(".history tbody tr");
  const textOf = async () => (await rows.first().textContent()) ?? "";
  const firstOf = async () => Number(await rows.first().getByRole("link").textContent());

  await line.etcd.write([["/app/web/w2", "127.0.0.1:9002"]]);
  await soon("both servers in work", async () => (await line.serversOf("web")).join() === "w1,w2");
  await soon("the change on the page", async () => (await textOf()).includes("/app/web/w2 came"));
  const before = await firstOf();

  await edit(/^global$/m, "global\n  bogus 1");
  await soon("the refusal", async () => /rejected.*bogus/s.test(await textOf()));
  expect(await rows.first().getByRole("button").count()).toBe(0);
  await rows.first().getByRole("link").click();
  await page.waitForSelector(".diff");
  expect(await page.locator(".diff .added").textContent()).toBe("+  bogus 1\n");
  expect(await page.getByRole("button", { name: /Roll back/ }).count()).toBe(0);
  await page.getByRole("link", { name: "Back to the page" }).click();
  await edit("  bogus 1", "  maxconn 1001");
  await soon("the edit in use", async () => (await file()).includes("maxconn 1001"));
  await soon("the edit on the page", async () => (await textOf()).includes("global differs"));

  await page.getByRole("button", { name: `roll back haproxy.toml to version ${before}`, exact: true }).click();
  await page.waitForSelector(".outcome");
  expect(await page.locator(".outcome").textContent()).toBe(`haproxy.toml is pinned to version ${before}`);
  await soon("the earlier version in use", async () => !(await file()).includes("maxconn"));
  const pin = `haproxy.toml is pinned to version ${before} since`;
  await soon("its entry", async () => (await textOf()).includes(`by hecd rollback to version ${before}`));
  expect(await page.locator("#state").textContent()).toContain(pin);
  expect(await page.locator(".history tr.pinned").getByRole("link").textContent()).toBe(String(before));
  await line.etcd.write([["/app/web/w3", "127.0.0.1:9003"]]);
  await soon("who waits", async () => (await page.locator("#state").textContent())?.includes("1 new address waits"));

  await page.getByRole("button", { name: /^resume: have haproxy.toml follow/ }).click();
  await page.waitForSelector(".outcome");
  expect(await page.locator(".outcome").textContent()).toBe("haproxy.toml follows the store again");
  await soon("all servers in work", async () => (await line.serversOf("web")).join() === "w1,w2,w3");
  await soon("the edit in use again", async () => (await file()).includes("maxconn 1001"));
  await soon("its entry", async () => (await textOf()).includes("by hecd resume"));
  expect(await page.locator("#state").textContent()).not.toContain("pinned");
  expect([faults, strangers]).toEqual([[], []]);
});
