import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { errorPagesFolder } from "../../../src/edges/output/error-pages-folder.js";
import { FollowedFolder } from "../../../src/edges/output/followed-folder.js";
import { systemClock } from "../../../src/flow/clock.js";
import { PushedTemplates, resourceOf } from "../../support/pushed-store.js";
import { tempDir } from "../../support/temp-dir.js";

const PAGE = "HTTP/1.0 503 Service Unavailable\r\n\r\nsorry\n";
const RESOURCES = [
  resourceOf({ name: "a.toml", dest: "/tmp/a.cfg", source: "{{errorPages.digest}}" }),
  resourceOf({ name: "b.toml", dest: "/tmp/b.cfg", source: "nobody" }),
];

async function pagesIn(folder: string) {
  const templates = new PushedTemplates();
  templates.show(RESOURCES);
  const { resources } = await new FollowedFolder(templates, errorPagesFolder(folder), { clock: systemClock }).read();
  return resources.map(({ errorPages }) => errorPages);
}

describe("a folder of error pages", () => {
  test("is known to the resources whose templates ask for them, with what cannot be used", async () => {
    await using dir = await tempDir();
    const at = (name: string): string => join(dir.path, name);
    for (const name of ["503.http", "404.http", "maintenance.http", "418.http"]) await writeFile(at(name), PAGE);
    await writeFile(at("500.http"), "<html></html>");
    await writeFile(at("README"), "none");
    await mkdir(at("502.http"));
    expect(await pagesIn(dir.path)).toEqual([
      {
        files: [
          { status: 404, path: at("404.http") },
          { status: 503, path: at("503.http") },
        ],
        maintenance: at("maintenance.http"),
        digest: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
        refused: [
          { path: at("418.http"), reason: "HAProxy has no such page" },
          { path: at("500.http"), reason: "there is no blank line between its headers and its body" },
          { path: at("502.http"), reason: expect.stringMatching(/^it cannot be read: /) as string },
        ],
      },
      undefined,
    ]);
  });

  test("has another digest as soon as a page is another one, and none without a page", async () => {
    await using dir = await tempDir();
    const digest = async () => (await pagesIn(dir.path))[0]?.digest;
    expect(await digest()).toBe("");
    await writeFile(join(dir.path, "503.http"), PAGE);
    const first = await digest();
    expect(await digest()).toBe(first);
    await writeFile(join(dir.path, "503.http"), `${PAGE}!`);
    const second = await digest();
    await writeFile(join(dir.path, "404.http"), PAGE);
    expect(new Set([first, second, await digest(), ""]).size).toBe(4);
    expect(await pagesIn(join(dir.path, "none"))).toMatchObject([{ files: [], digest: "", refused: [] }, undefined]);
  });
});
