import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** Debian's; without what a browser does on its own. */
const PROGRAM = "/usr/bin/chromium";
const FLAGS = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

/** A page in a browser of its own, with all that it has complained of. */
export interface OpenPage {
  readonly page: Page;
  /** Errors of the console and of scripts, and what the policy of the page has kept out. */
  readonly faults: readonly string[];
  /** Requests that went elsewhere than to the page's own server. */
  readonly strangers: readonly string[];
}

/** A headless Chromium with a new profile; disposing ends it and removes that. */
export async function openBrowser(): Promise<
  AsyncDisposable & { open(url: string, options?: BrowserContextOptions): Promise<OpenPage> }
> {
  const browser: Browser = await chromium.launch({ executablePath: PROGRAM, args: FLAGS });
  return {
    async open(url, options = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
      const page = await context.newPage();
      const faults: string[] = [];
      const strangers: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") faults.push(message.text());
      });
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("request", (request) => {
        if (new URL(request.url()).origin !== new URL(url).origin) strangers.push(request.url());
      });
      await page.goto(url);
      return { page, faults, strangers };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
    },
  };
}

/** What axe-core finds that keeps people from using a page, in the words of its rules. */
export async function barriersOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    interface Axe {
      run(): Promise<{ violations: { id: string; impact: string; help: string; nodes: { html: string }[] }[] }>;
    }
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run();
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" ")}`);
  });
}
