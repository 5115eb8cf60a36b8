import { expect, test } from "vitest";
import { openBrowser } from "../support/browser.js";
import { manyInstances } from "../support/busy-page.js";
import { openPageWorld } from "../support/page-world.js";

/** What else a machine does makes a page slower and never quicker: the quickest of so many, each loaded anew, counts. */
const LOADS = 3;

test("the page shows 2,000 instances within a second, opens their service and finds one in a tenth of it", async () => {
  await using browser = await openBrowser();
  await using world = await openPageWorld();
  manyInstances(world, 2_000);
  await (await fetch(world.url)).text(); // what the first look of all costs is not the browser's
  const times: { readonly paintedMs: number; readonly openedMs: number; readonly foundMs: number }[] = [];
  while (times.length < LOADS) {
    const { page, faults } = await browser.open(world.url);
    const paintedMs = await page.evaluate<number>(
      "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity",
    );
    const timed = (act: string) =>
      page.evaluate<number>(
        `(() => { const begunAt = performance.now(); ${act}; document.body.offsetHeight; return performance.now() - begunAt; })()`,
      );
    const openedMs = await timed("document.querySelector('summary').click()");
    const foundMs = await timed(
      "const input = document.querySelector('#filter'); input.value = 'web-1999'; input.dispatchEvent(new Event('input'))",
    );
    expect(await page.locator("tbody#service\\/web\\/rows tr:not([hidden])").count()).toBe(1);
    expect(faults).toEqual([]);
    times.push({ paintedMs, openedMs, foundMs });
    await page.context().close();
  }
  console.log("2,000 instances, ms:", times);
  const quickest = (of: (one: (typeof times)[number]) => number): number => Math.min(...times.map(of));
  expect(quickest(({ paintedMs }) => paintedMs)).toBeLessThan(1_000);
  expect(quickest(({ openedMs }) => openedMs)).toBeLessThan(100);
  expect(quickest(({ foundMs }) => foundMs)).toBeLessThan(100);
});
