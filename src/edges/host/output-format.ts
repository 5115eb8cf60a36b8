import { readFile } from "node:fs/promises";
import { parserWords } from "../../core/text/without-secrets.js";
import type { OutputFormat } from "../../ports.js";

/** Why a file is no document of this form; undefined when it is one. */
export async function judgeFormat(path: string, format: OutputFormat): Promise<string | undefined> {
  return formatFault(await readFile(path, "utf8"), format);
}

/** Why a text is no document of this form; undefined when it is one. */
export async function formatFault(text: string, format: OutputFormat): Promise<string | undefined> {
  try {
    await parse(text, format);
    return undefined;
  } catch (error) {
    return `The output is not valid ${format}: ${parserWords(error)}`;
  }
}

async function parse(text: string, format: OutputFormat): Promise<void> {
  switch (format) {
    case "json":
      JSON.parse(text);
      return;
    case "toml":
      (await import("smol-toml")).parse(text);
      return;
    case "yaml": {
      const [first] = (await import("yaml")).parseAllDocuments(text).flatMap(({ errors }) => errors);
      if (first) throw first;
      return;
    }
    case "xml": {
      const fault = (await import("./xml.js")).xmlFault(text);
      if (fault !== undefined) throw new Error(fault);
    }
  }
}
