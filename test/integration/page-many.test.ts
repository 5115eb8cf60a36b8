import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { openBrowser } from "../support/browser.js";
import { manyInstances } from "../support/busy-page.js";
import { openPageWorld } from "../support/page-world.js";

/** What else a machine does makes a page slower and never quicker: the quickest of so many, each loaded anew, counts. */
const LOADS = 4;

/** How long a browser has taken, in milliseconds by its own clock. */
interface Times {
  readonly painted: number;
  readonly opened: number;
  readonly found: number;
}

test("the page shows 2,000 instances sooner than a bare table of them, and opens and finds them in an eighth of that", async () => {
  await using browser = await openBrowser();
  await using world = await openPageWorld();
  manyInstances(world, 2_000);
  const html = await (await fetch(world.url)).text(); // what the first look of all costs is not the browser's
  await using bare = await serving(html.replace(/<link[^>]+stylesheet[^>]*>|<script.*?<\/script>/gs, ""));

  const timesOf = async (url: string): Promise<Times> => {
    const { page, faults } = await browser.open(url);
    const painted = await page.evaluate<number>(
      "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity",
    );
    const timed = (act: string) =>
      page.evaluate<number>(
        `(() => { const begunAt = performance.now(); ${act}; document.body.offsetHeight; return performance.now() - begunAt; })()`,
      );
    const opened = await timed("document.querySelector('summary').click()");
    const found = await timed(
      "const input = document.querySelector('#filter'); input.value = 'web-1999'; input.dispatchEvent(new Event('input'))",
    );
    const shown = await page.locator("tbody#service\\/web\\/rows tr:not([hidden])").count();
    expect(shown).toBe(url === bare.url ? 2_000 : 1);
    if (url !== bare.url) expect(faults).toEqual([]);
    await page.context().close();
    return { painted, opened, found };
  };
  const [ours, floor]: [Times[], Times[]] = [[], []];
  while (ours.length < LOADS) {
    ours.push(await timesOf(world.url));
    floor.push(await timesOf(bare.url));
  }
  const quickest = (times: readonly Times[], of: keyof Times): number => Math.min(...times.map((one) => one[of]));
  console.log("2,000 instances, ms:", ours, "without styles and script:", floor);
  const table = quickest(floor, "opened");
  expect(quickest(ours, "painted")).toBeLessThan(quickest(floor, "painted") + table);
  expect(quickest(ours, "opened")).toBeLessThan(table / 8);
  expect(quickest(ours, "found")).toBeLessThan(table / 8);
});

/** Serves one text as a page, until disposed. */
async function serving(html: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(html);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
