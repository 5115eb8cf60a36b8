import { fileURLToPath } from "node:url";

/** The path of a file of this package; this one and those of the built program lie one level below its root. */
export function packagePath(name: string): string {
  return fileURLToPath(new URL(`../${name}`, import.meta.url));
}
