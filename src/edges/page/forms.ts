import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

/** No form of ours is longer. */
const MOST_BYTES = 4_096;

/** The fields of a form that was sent; undefined when it is none, or too long. */
export async function formIn(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  if (request.headers["content-type"]?.split(";")[0] !== "application/x-www-form-urlencoded") return undefined;
  let text = "";
  for await (const chunk of request.setEncoding("utf8") as AsyncIterable<string>) {
    text += chunk;
    if (text.length > MOST_BYTES) return undefined;
  }
  return new URLSearchParams(text);
}

/**
 * Whether a browser says that a form comes from a page of ours, or says nothing of it, as old ones and programs do: the
 * cookie that is never sent along from elsewhere and the secret in the form stand behind this.
 */
export function isOwnForm({ host, origin, "sec-fetch-site": site }: IncomingHttpHeaders): boolean {
  if (site !== undefined && site !== "same-origin") return false;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** The value of a cookie; undefined where it is not sent. */
export function cookieIn({ cookie = "" }: IncomingHttpHeaders, name: string): string | undefined {
  for (const pair of cookie.split(";")) {
    const [key, value] = pair.trim().split("=", 2);
    if (key === name) return value;
  }
  return undefined;
}
