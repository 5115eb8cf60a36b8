import { readFileSync } from "node:fs";

/** The version of this program, from its package. Read at once: what reads without blocking takes longer to load. */
export function version(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version; // our own file
}
