import type { ServerResponse } from "node:http";

/** Nothing is loaded from elsewhere, nothing is run but the script of the page, and nobody may put it into a frame. */
const HEADERS = {
  "content-security-policy": [
    "default-src 'none'",
    ...["script-src", "style-src", "img-src", "connect-src", "form-action"].map((what) => `${what} 'self'`),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cache-control": "no-store",
};

/** Has whatever is answered carry the policy of the page. */
export function setPolicy(response: ServerResponse): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
}

/** Answers with a sentence. */
export function respond(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { "content-type": "text/plain; charset=utf-8" });
  response.end(text);
}

/** Answers with a page. */
export function respondPage(response: ServerResponse, code: number, html: string): void {
  response.writeHead(code, { "content-type": "text/html; charset=utf-8" });
  response.end(html);
}

/** Leads a browser back to the page, wherever that is to it. */
export function back(response: ServerResponse): void {
  response.writeHead(303, { location: "../#orders" });
  response.end();
}
