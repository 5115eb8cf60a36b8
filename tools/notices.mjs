import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * @typedef {{ readonly name: string, readonly version: string, readonly license: string }} Manifest what a package says of
 *   itself; its license in SPDX's words
 */
const parseManifest = /** @type {(text: string) => Manifest} */ (JSON.parse);

/**
 * The folders of the packages that files belong to.
 *
 * @param {readonly string[]} files paths such as `node_modules/a/node_modules/@b/c/lib/d.js`; others are our own
 * @returns {readonly string[]}
 */
export function foldersOf(files) {
  return [...new Set(files.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []))];
}

/**
 * Who has written what of the packages that files belong to, and on which terms: their licenses ask that this goes along
 * with every copy. In the order of their names. Throws on a package without the text of a license or the name of one.
 *
 * @param {string} root the folder that the paths start at
 * @param {readonly string[]} files paths such as `node_modules/a/node_modules/@b/c/lib/d.js`; others are our own
 * @returns {Promise<string>}
 */
export async function noticesOf(root, files) {
  /** @type {Map<string, string>} */
  const notices = new Map();
  for (const folder of foldersOf(files)) {
    const { name, version, license } = parseManifest(await readFile(join(root, folder, "package.json"), "utf8"));
    if (typeof license !== "string") throw new Error(`${folder} does not say on which terms it may be passed on`);
    notices.set(
      `${name} ${version}`,
      `${name} ${version} (${license})\n\n${await termsOf(join(root, folder), license)}`,
    );
  }
  const texts = [...notices].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => `${text.trim()}\n`);
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

/**
 * The terms as they lie in a folder; where there is no such file, who the author is.
 *
 * @param {string} folder
 * @param {string} license
 * @returns {Promise<string>}
 */
async function termsOf(folder, license) {
  const name = (await readdir(folder)).sort().find((each) => /^(licen[cs]e|copying)(\.|-|$)/i.test(each));
  if (name === undefined) return `The package comes without a text of its own: see ${license}.\n`;
  return readFile(join(folder, name), "utf8");
}
