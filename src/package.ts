import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** The path of a file of this package; this one and those of the built program lie one level below its root. */
export function packagePath(name: string): string {
  return fileURLToPath(new URL(`../${name}`, import.meta.url));
}

/** The version of this program, from its package. */
export async function version(): Promise<string> {
  const { version: value } = JSON.parse(await readFile(packagePath("package.json"), "utf8")) as { version: string }; // our own file
  return value;
}
