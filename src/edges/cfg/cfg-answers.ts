import { createHash } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { reasonOf } from "../../errors.js";
import type { FoundFile, GivenFiles, OutputFormat } from "../../ports.js";
import { bearerIn } from "../status/orders.js";

/** Who may have which files. */
export interface CfgRules {
  readonly files: GivenFiles;
  /** Whether a token is the right one; nobody is asked for one when undefined, and gets what everybody may read. */
  readonly isToken?: ((given: string) => boolean) | undefined;
  /** Why nothing is given out at this address; undefined where it is. */
  readonly refusal?: string | undefined;
}

/** What is answered. */
interface CfgAnswer {
  readonly code: 200 | 304 | 400 | 401 | 403 | 404 | 405 | 500 | 503;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const PATH = "/cfg/";

const TYPES: Readonly<Record<OutputFormat, string>> = {
  json: "application/json",
  yaml: "application/yaml",
  toml: "application/toml",
  xml: "application/xml",
};

/**
 * Answers `GET` and `HEAD` of `/cfg/NAME` with the file of that name as it was last in order, and an ETag by which whoever
 * has it already is answered 304; see `GivenFiles`. 404 where there is no such file, 503 where it has never been in order.
 * `take` resolves to false for any other path.
 */
export function cfgAnswers(rules: CfgRules) {
  return {
    async take(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
      const path = (request.url ?? "").split("?")[0] ?? "";
      if (!path.startsWith(PATH)) return false;
      const answer = await answerTo(path.slice(PATH.length), request, rules).catch((error: unknown) =>
        refused(500, reasonOf(error)),
      );
      const { code, headers = {}, body = "" } = answer;
      const length = code === 304 ? {} : { "content-length": String(Buffer.byteLength(body)) };
      response.writeHead(code, {
        "content-type": "text/plain; charset=utf-8",
        "cache-control": "no-cache", // kept where it is, and asked for again each time
        "x-content-type-options": "nosniff",
        ...length,
        ...headers,
      });
      response.end(request.method === "HEAD" ? "" : body);
      return true;
    },
  };
}

async function answerTo(
  name: string,
  { method, headers }: IncomingMessage,
  { files, isToken, refusal }: CfgRules,
): Promise<CfgAnswer> {
  if (refusal !== undefined) return refused(403, refusal);
  if (isToken && !isToken(secretIn(headers))) {
    return refused(401, "This needs the token of --cfg-token-file", { "www-authenticate": 'Basic realm="hecd"' });
  }
  if (method !== "GET" && method !== "HEAD") return refused(405, "Only GET and HEAD", { allow: "GET, HEAD" });
  const asked = decoded(name);
  if (asked === undefined) return refused(400, "This is no name");
  const found = await files.find(asked);
  if (found.kind !== "found") return absent(asked, found);
  if (!isToken && !found.isPublic) {
    return refused(403, "Not everybody may read this file: it is given out by the token of --cfg-token-file only");
  }
  const { text, format } = found;
  const etag = `"${createHash("sha256").update(text).digest("base64url")}"`;
  if (isNamedIn(headers["if-none-match"], etag)) return { code: 304, headers: { etag } };
  return { code: 200, headers: { etag, ...(format && { "content-type": TYPES[format] }) }, body: text };
}

function absent(asked: string, found: Exclude<FoundFile, { readonly kind: "found" }>): CfgAnswer {
  switch (found.kind) {
    case "none-yet":
      return refused(503, `${found.resource} has no valid file yet`, { "retry-after": "5" });
    case "ambiguous":
      return refused(404, `${asked} may be the file of ${found.resources.join(" or ")}: ask for one of these`);
    case "unknown": {
      const known = found.resources.length === 0 ? "no files are kept here" : `there is ${found.resources.join(", ")}`;
      return refused(404, `There is no file ${JSON.stringify(asked)}: ${known}`);
    }
  }
}

function refused(code: CfgAnswer["code"], why: string, headers: CfgAnswer["headers"] = {}): CfgAnswer {
  return { code, headers: { "cache-control": "no-store", ...headers }, body: `${why}\n` };
}

function decoded(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}

/** The token as `Bearer`, or as a password beside any name: what can be told only a URL has no other way. */
function secretIn(headers: IncomingHttpHeaders): string {
  const [, words] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(headers.authorization ?? "") ?? [];
  if (words === undefined) return bearerIn(headers);
  const pair = Buffer.from(words, "base64").toString("utf8");
  return pair.slice(pair.indexOf(":") + 1);
}

/** Whether `If-None-Match` names a tag, or any. */
function isNamedIn(tags: string | undefined, etag: string): boolean {
  if (tags === undefined) return false;
  return tags.split(",").some((tag) => ["*", etag].includes(tag.trim().replace(/^W\//, "")));
}
