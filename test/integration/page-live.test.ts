import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openBrowser } from "../support/browser.js";
import { DockerCli } from "../support/docker.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { Hecd, hecd } from "../support/hecd.js";
import { tempDir } from "../support/temp-dir.js";

test("the page of hecd up shows a container within a second of its start, its drain and its docker stop", async () => {
  await using folder = await tempDir();
  const tokenFile = join(folder.path, "token");
  await writeFile(tokenFile, "correct-horse-battery-staple\n");
  await using docker = new DockerCli();
  await using browser = await openBrowser();
  const address = `127.0.0.1:${await freePort()}`;
  const listening = ["--http-port", String(await freePort()), "--listen", address];
  await using up = new Hecd(["up", ...listening, "--admin-token-file", tokenFile]);
  await up.said(/"listening"/, 30_000);
  for (const name of ["page-1", "page-2"]) await docker.web(name, "--label", "hecd.service=web");
  const { page, faults, strangers } = await browser.open(`http://${address}/`);
  const row = (name: string) => page.locator("tbody tr[id^='instance/']", { hasText: name });
  await eventually("both servers, up in HAProxy as well", async () => {
    const texts = await Promise.all(["page-1", "page-2"].map((name) => row(name).textContent({ timeout: 1_000 })));
    return texts.every((text) => /up.*(UP|no check)/s.test(text ?? ""));
  });

  const order = ["--agent", address, "--admin-token-file", tokenFile];
  const refused = await hecd(["drain", "page-2", "--agent", address]);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("needs the token of --admin-token-file")]);
  expect((await hecd(["drain", "page-2", ...order])).code).toBe(0);
  await eventually("the drain", async () => (await row("page-2").textContent())?.includes("It is drained"), 1_000);

  const stopping = docker.run("stop", "-t", "5", "page-1");
  await eventually(
    "the stop",
    async () => {
      const texts = await row("page-1").allTextContents();
      return texts.every((text) => !/^\W*up\b/.test(text));
    },
    1_000,
  );
  await stopping;
  await eventually("its reason", async () => (await page.locator("#left-out").textContent())?.includes("It is exited"));
  expect([faults, strangers]).toEqual([[], []]);
});
