import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { pages, ROOT, textOf } from "../support/documents.js";

/** Hosts of package registries, whose addresses are each reader's own affair. */
const REGISTRIES =
  /npmjs|npmmirror|pypi|crates\.io|rubygems|packagist|hub\.docker|docker\.io|ghcr\.io|quay\.io|gcr\.io/i;

/** The text without what is code, where a link is none. */
function prose(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, "").replace(/`[^`\n]*`/g, "");
}

/** The targets of all links and pictures. */
function linksIn(page: string): readonly string[] {
  const text = prose(textOf(page));
  return [...text.matchAll(/\]\(([^()\s]+)\)|<(https?:[^>\s]+)>/g)].map(([, target, url]) => target ?? url ?? "");
}

/** The anchors that the headings of a text have on GitHub. */
function anchorsIn(text: string): readonly string[] {
  const seen = new Map<string, number>();
  return [...text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) => {
    const anchor = title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-");
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

describe("the documents", () => {
  test.each(pages())("%s links only to what is there", (page) => {
    for (const link of linksIn(page).filter((target) => !/^https?:/.test(target))) {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : new URL(path, `file:///${dirname(page)}/`).pathname.slice(1);
      expect(existsSync(new URL(target, ROOT)), `${page}: ${link}`).toBe(true);
      if (anchor !== undefined) expect(anchorsIn(textOf(target)), `${page}: ${link}`).toContain(anchor);
    }
  });

  test("name files of the project that there are", () => {
    const named = pages().flatMap((page) =>
      [...textOf(page).matchAll(/`((?:src|test|tools)\/[\w./-]+\.\w+)`/g)].map(([, path = ""]) => ({ page, path })),
    );
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ path }) => !existsSync(new URL(path, ROOT)))).toEqual([]);
  });

  test.each(pages())("%s names no package registry", (page) => {
    const outside = [...textOf(page).matchAll(/https?:\/\/[^\s)>`"']+/g)].map(([url]) => url);
    expect(outside.filter((url) => REGISTRIES.test(new URL(url).hostname))).toEqual([]);
  });

  test("can all be reached from the README", () => {
    const reached = new Set(["README.md"]);
    for (const page of reached) {
      for (const link of linksIn(page).filter((target) => !/^(https?:|#)/.test(target))) {
        const target = new URL(link.split("#")[0] ?? "", `file:///${dirname(page)}/`).pathname.slice(1);
        if (target.endsWith(".md")) reached.add(target);
      }
    }
    expect(pages().filter((page) => !reached.has(page))).toEqual([]);
  });

  test("begin with a title, and go on with what the reader can do with the page", () => {
    for (const page of pages()) expect(textOf(page), page).toMatch(/^# .+\n\n\S/);
  });

  test("have a README that is read in one go", () => {
    expect(textOf("README.md").trimEnd().split("\n").length).toBeLessThanOrEqual(150);
  });
});
