import { readdir, readFile } from "node:fs/promises";
import { snapshotOf } from "../../src/core/model/snapshot.js";
import type { ErrorPages } from "../../src/core/model/error-pages.js";
import type { UserLists } from "../../src/core/model/users.js";
import { compileTemplate } from "../../src/template/compile.js";
import { type Rendering, type Template } from "../../src/template/template.js";

const GOLDEN = new URL("../golden/", import.meta.url);

/** A case below `test/golden`: what goes in, and the file that must come out. */
export interface GoldenCase {
  readonly name: string;
  readonly template: string;
  /** A record is written as an object and stored as its JSON. */
  readonly keys: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Where the expected text is. */
  readonly expected: string;
}

/** All cases, by name. */
export async function goldenCases(): Promise<readonly GoldenCase[]> {
  const names = (await readdir(GOLDEN)).sort();
  return Promise.all(
    names.map(async (name) => {
      const input = JSON.parse(await readFile(new URL(`${name}/input.json`, GOLDEN), "utf8")) as GoldenCase; // our own file
      return { ...input, name, expected: new URL(`${name}/haproxy.cfg`, GOLDEN).pathname };
    }),
  );
}

/** What this process has compiled already: the large one takes longer than most renderings of it. */
const compiled = new Map<string, Promise<Template>>();

/** One of the templates that we ship. */
export function stockTemplate(name: string): Promise<Template> {
  const path = new URL(`../../templates/${name}`, import.meta.url);
  const template = compiled.get(name) ?? readFile(path, "utf8").then((source) => compileTemplate(name, source));
  compiled.set(name, template);
  return template;
}

/** Renders keys through a template, the whole store being these keys. */
export function renderKeys(
  template: Template,
  keys: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>> = {},
  users?: UserLists,
  errorPages?: ErrorPages,
): Rendering {
  const entries = Object.entries(keys).map(
    ([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)] as const,
  );
  return template.render({ snapshot: snapshotOf(1n, entries), prefix: "/", env, users, errorPages });
}
