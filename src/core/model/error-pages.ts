/** What HAProxy answers of its own instead of the pages that it comes with. */
export interface ErrorPages {
  /** By their status, in rising order. */
  readonly files: readonly ErrorPage[];
  /** The file that is answered for a service in maintenance; empty for the page of 503. */
  readonly maintenance: string;
  /** Another one as soon as any page is another one. */
  readonly digest: string;
  /** The files that cannot be used, and why. */
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
}

/** There are none. */
export const NO_PAGES: ErrorPages = { files: [], maintenance: "", digest: "", refused: [] };

/** A file with an answer as HAProxy sends it, head and body, for what has this status. */
interface ErrorPage {
  readonly status: number;
  readonly path: string;
}

/** The file of maintenance, among those of statuses such as `503.http`. */
export const MAINTENANCE_FILE = "maintenance.http";

/** The statuses for which every version of HAProxy takes a page. */
const STATUSES: ReadonlySet<number> = new Set([
  ...[200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 421, 422, 425, 429, 500, 501, 502, 503, 504],
]);

/** Whether a file of this name is meant to be a page. */
export function isPageFile(name: string): boolean {
  return name.endsWith(".http");
}

/** The status for which a file of this name is; undefined where HAProxy knows of none such. */
export function statusOfPage(name: string): number | undefined {
  const status = Number(/^([0-9]{3})\.http$/.exec(name)?.[1]);
  return STATUSES.has(status) ? status : undefined;
}

/** How long a page may be, in bytes: it has to fit into a buffer of HAProxy, with room for its own headers. */
const LONGEST_PAGE = 15_000;

const STATUS_LINE = /^HTTP\/1\.[01] [1-5][0-9]{2}(?: [\x20-\xff]*)?$/;
const HEADER_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\xff]*$/;

/** Why HAProxy would refuse a page, and its whole configuration with it, as a clause; undefined where it does not. */
export function faultInPage(page: Uint8Array): string | undefined {
  if (page.length > LONGEST_PAGE) return `it is longer than ${LONGEST_PAGE} bytes`;
  if (page.length === 0) return undefined; // the connection is closed without an answer
  const text = Buffer.from(page).toString("latin1"); // a letter for each byte
  const end = /\r?\n\r?\n/.exec(text);
  if (!end) return "there is no blank line between its headers and its body";
  const [first = "", ...headers] = text.slice(0, end.index).split(/\r?\n/);
  if (!STATUS_LINE.test(first)) return "it does not begin with a line such as HTTP/1.0 503 Service Unavailable";
  const odd = headers.findIndex((line) => !HEADER_LINE.test(line));
  if (odd >= 0) return `its line ${odd + 2} is no header`;
  if (headers.some((line) => /^transfer-encoding:/i.test(line)))
    return "its header Transfer-Encoding is not for a page";
  const lengths = headers.flatMap((line) => /^content-length:\s*(.*?)\s*$/i.exec(line)?.[1] ?? []);
  const bytes = text.length - end.index - end[0].length;
  return lengths.every((length) => length === String(bytes))
    ? undefined
    : `its header Content-Length is not the ${bytes} bytes of its body`;
}
