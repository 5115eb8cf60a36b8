// Writes the manual pages and what shells offer, out of the settings table and the commands, into dist/.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { version } from "../../src/version.js";
import { PROJECT } from "../machine/facts.mjs";
import { bashCompletion, fishCompletion, zshCompletion } from "./completions.js";
import { pages } from "./pages.js";
import { pageOf } from "./roff.js";

const files: Record<string, string> = {
  "completions/bash/hecd": await bashCompletion(),
  "completions/zsh/_hecd": await zshCompletion(),
  "completions/fish/hecd.fish": await fishCompletion("hecd"),
  "completions/fish/confd.fish": await fishCompletion("confd"),
};
for (const page of await pages()) files[`man/${page.name}.${page.section}`] = pageOf(page, version());
for (const [name, text] of Object.entries(files)) {
  const path = `${PROJECT}dist/${name}`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
