import { z } from "zod";
import type { SessionKey } from "./connection.js";

const schema = z.object({ password: z.base64(), ttlMs: z.number().positive() });

/** What is put down of a session, so that the next agent of its host can go on with it. */
export function formatSessionKey({ password }: SessionKey, ttlMs: number): string {
  return JSON.stringify({ password: password.toString("base64"), ttlMs });
}

/** Reads the same of the session with this name; undefined where it is none of ours. */
export function parseSessionKey(
  name: string,
  text: string,
): { readonly key: SessionKey; readonly ttlMs: number } | undefined {
  const found = schema.safeParse(parsed(text)).data;
  if (!found || !/^[0-9a-f]{1,16}$/.test(name)) return undefined;
  return { key: { id: BigInt(`0x${name}`), password: Buffer.from(found.password, "base64") }, ttlMs: found.ttlMs };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
