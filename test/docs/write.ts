/** `npm run docs`: writes the parts of the documents that follow from the program. */
import { readFile, writeFile } from "node:fs/promises";
import { ROOT, withGeneratedPart } from "../support/documents.js";
import { GENERATED } from "./generated.js";

for (const { page, name, make } of GENERATED) {
  const path = new URL(page, ROOT);
  await writeFile(path, withGeneratedPart(await readFile(path, "utf8"), name, await make()));
  console.log(`Wrote ${name} into ${page}`);
}
