import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { flatten } from "../../confd/flatten.js";
import type { Backend } from "../../core/model/backend.js";
import { compareKeys } from "../../core/text/key-order.js";
import { globMatcher } from "../../template/functions/glob.js";
import { unreadable } from "../files/read-text.js";

/** Which files hold the keys, and how they are read. */
export type DocumentOptions = Omit<Extract<Backend, { kind: "file" }>, "kind">;

/** What all files together say. */
export interface Documents {
  readonly entries: ReadonlyMap<string, string>;
  /** Equal for equal bytes in equal files. */
  readonly digest: string;
  /** A file without a word in it, which somebody may just be writing. */
  readonly blank: string | undefined;
}

/** Reads all files, later ones over earlier ones; throws `file-unreadable`, also for what is neither YAML nor JSON, nor a list of servers. */
export async function readDocuments({ paths, filter, yesIsTrue, serversAt }: DocumentOptions): Promise<Documents> {
  const entries = new Map<string, string>();
  const hash = createHash("sha256");
  let blank: string | undefined;
  for (const path of await filesIn(paths, globMatcher(filter))) {
    try {
      const text = await readFile(path, "utf8");
      hash.update(`${path}\0${text.length}\0${text}`);
      if (text.trim() === "") blank ??= path;
      const found = serversAt === undefined ? flatten(await parse(text, yesIsTrue)) : await serversIn(text, serversAt);
      for (const [key, value] of found) entries.set(key, value);
    } catch (error) {
      throw unreadable(path, error);
    }
  }
  return { entries, digest: hash.digest("hex"), blank };
}

/** The servers that the lines of a file name. */
async function serversIn(text: string, serversAt: string): Promise<readonly (readonly [string, string])[]> {
  const { readServerLines, serverEntries } = await import("../../core/host/server-list.js");
  const servers = readServerLines(text);
  if ("problem" in servers) throw new Error(servers.problem);
  return serverEntries(serversAt, servers.addresses);
}

/** YAML 1.1, of which JSON is a part, but without its times: `12:30` and `2026-01-02` are texts to confd. */
async function parse(text: string, yesIsTrue: boolean): Promise<unknown> {
  const { isMap, isScalar, parseDocument, visit } = await import("yaml");
  const document = parseDocument(text, {
    version: "1.1",
    intAsBigInt: true,
    uniqueKeys: false,
    customTags: (tags) => [
      ...tags.filter((tag) => {
        if (typeof tag === "string") return true;
        if (tag.tag === "tag:yaml.org,2002:timestamp") return false;
        return !("format" in tag && tag.format === "TIME") && (yesIsTrue || tag.tag !== "tag:yaml.org,2002:bool");
      }),
      ...(yesIsTrue ? [] : ["bool" as const]),
    ],
  });
  const [fault] = document.errors;
  if (fault) throw fault;
  if (document.contents !== null && !isMap(document.contents)) throw new Error("it is not a mapping");
  visit(document, {
    Pair(_, { key }) {
      // A key is a name, also where it looks like a number or a truth value.
      if (isScalar(key) && typeof key.value !== "string" && key.source !== undefined) key.value = key.source;
    },
  });
  return document.toJS();
}

/** The files that are named, and those in the folders that are named, by their names. */
async function filesIn(paths: readonly string[], counts: (name: string) => boolean): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of paths) {
    try {
      if ((await stat(path)).isDirectory()) found.push(...(await filesBelow(path, counts)));
      else found.push(path);
    } catch (error) {
      throw unreadable(path, error);
    }
  }
  return found;
}

/** Folders whose names begin with two dots are what the links of a Kubernetes volume lead into. */
async function filesBelow(folder: string, counts: (name: string) => boolean): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) => compareKeys(a.name, b.name))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!entry.name.startsWith("..")) found.push(...(await filesBelow(path, counts)));
    } else if (counts(entry.name) && (await stat(path)).isFile()) found.push(path);
  }
  return found;
}
