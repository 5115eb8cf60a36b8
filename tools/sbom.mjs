import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { foldersOf } from "./notices.mjs";

/** Terms on which everybody may pass a copy on who names its author. */
const KNOWN_TERMS = new Set(["0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"]);

/**
 * @typedef {{ readonly version?: string, readonly integrity?: string }} Locked what package-lock.json says of a package
 * @typedef {{ readonly version: string, readonly license?: string }} Installed what a package says of itself
 */

/**
 * The bill of materials of what files belong to, in CycloneDX 1.5: each package with its exact version, its terms, and the
 * digest of what it was installed from. The same for the same lock, so it has no time and no number of its own.
 *
 * Throws on a package that is not locked to one version and one digest, was installed in another version than that, or has
 * terms that nobody has looked at.
 *
 * @param {string} root the folder that the paths start at, with package.json and package-lock.json
 * @param {readonly string[]} files paths such as `node_modules/a/lib/b.js`; others are our own
 * @returns {Promise<string>}
 */
export async function sbomOf(root, files) {
  const parse = /** @type {(text: string) => unknown} */ (JSON.parse);
  /** @type {(name: string) => Promise<unknown>} */
  const read = async (name) => parse(await readFile(join(root, name), "utf8"));
  const own = /** @type {{ readonly name: string, readonly version: string }} */ (await read("package.json"));
  const lock = /** @type {{ readonly packages: Readonly<Record<string, Locked>> }} */ (await read("package-lock.json"));
  /** @type {Map<string, Record<string, unknown>>} */
  const components = new Map();
  for (const folder of foldersOf(files)) {
    const { version, integrity } = lock.packages[folder] ?? {};
    const [, name = ""] = /node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(folder) ?? [];
    const [, digest] = /^sha512-([A-Za-z0-9+/]{86}==)$/.exec(integrity ?? "") ?? [];
    if (version === undefined || digest === undefined) throw new Error(`${folder} is not locked to one SHA-512`);
    const { license, ...installed } = /** @type {Installed} */ (await read(join(folder, "package.json")));
    if (installed.version !== version)
      throw new Error(`${folder} is ${installed.version}, and locked to ${version}: run npm ci`);
    if (license === undefined || !KNOWN_TERMS.has(license))
      throw new Error(`${folder} may be passed on by ${license}, and nobody has looked at that`);
    const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
    /** @type {Record<string, unknown>} */
    const component = {
      ...{ type: "library", "bom-ref": purl, name, version, purl },
      licenses: [{ license: { id: license } }],
      hashes: [{ alg: "SHA-512", content: Buffer.from(digest, "base64").toString("hex") }],
    };
    components.set(purl, component);
  }
  const bom = {
    ...{ bomFormat: "CycloneDX", specVersion: "1.5", version: 1 },
    metadata: { component: { type: "application", name: own.name, version: own.version } },
    components: [...components].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, component]) => component),
  };
  return `${JSON.stringify(bom, undefined, 2)}\n`;
}
