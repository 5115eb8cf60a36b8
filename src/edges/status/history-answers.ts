import { z } from "zod";
import { hasCode, reasonOf } from "../../errors.js";
import type { VersionDiff } from "../../core/history/entry.js";
import type { HistoryOrders } from "../../ports.js";
import { type OrderAnswer, type OrderRequest, refusalOf } from "./orders.js";

/** What is answered to a question. */
interface HistoryAnswer {
  readonly code: 200 | 400 | 403 | 404 | 500;
  readonly type: "application/json; charset=utf-8" | "text/plain; charset=utf-8";
  readonly body: string;
}

/** How many entries there are in an answer that names no limit, and at most. */
const USUAL_LIMIT = 100;
const HIGHEST_LIMIT = 10_000;

const whole = z
  .string()
  .regex(/^\d{1,12}$/)
  .transform(Number);
const question = z.object({ limit: whole.optional(), resource: z.string().optional(), against: whole.optional() });
const order = z.object({ to: whole.optional(), for: whole.optional(), resource: z.string().optional() });

/**
 * Answers `GET /history?limit=N&resource=NAME` (JSON, the newest entry first) and `GET /history/ID/diff?against=ID` (a unified
 * diff of what a version has changed, or against another one); undefined for any other path.
 */
export async function answerHistory(
  { pathname, searchParams }: URL,
  history: HistoryOrders,
): Promise<HistoryAnswer | undefined> {
  const [, id] = /^\/history\/(\d{1,12})\/diff$/.exec(pathname) ?? [];
  if (id === undefined && pathname !== "/history") return undefined;
  const asked = question.safeParse(Object.fromEntries(searchParams));
  if (!asked.success) return plain(400, "limit and against are numbers\n");
  const { limit = USUAL_LIMIT, resource, against } = asked.data;
  try {
    if (id !== undefined) return diffAnswer(await history.diff(Number(id), { against }));
    const entries = await history.entries(Math.min(limit, HIGHEST_LIMIT), resource);
    return { code: 200, type: "application/json; charset=utf-8", body: `${JSON.stringify({ entries }, null, 2)}\n` };
  } catch (error) {
    return plain(codeOf(error), `${reasonOf(error)}\n`);
  }
}

/**
 * Carries out `POST /history/rollback?to=ID&for=MS` and `POST /history/resume?resource=NAME`, under the same conditions as
 * `carryOut`; undefined for any other path.
 */
export async function carryOutHistory(
  { path, headers }: OrderRequest,
  query: URLSearchParams,
  history: HistoryOrders,
  isToken?: (given: string) => boolean,
): Promise<OrderAnswer | undefined> {
  const [, verb] = /^\/history\/(rollback|resume)$/.exec(path) ?? [];
  if (verb === undefined) return undefined;
  const refusal = refusalOf(headers, verb, isToken);
  if (refusal) return refusal;
  const asked = order.safeParse(Object.fromEntries(query));
  if (!asked.success) return { code: 400, body: { refused: "to and for are numbers" } };
  try {
    const { to, for: forMs, resource } = asked.data;
    const outcome = verb === "resume" ? await history.resume(resource) : await history.rollback(to, forMs);
    return { code: 200, body: { outcome } };
  } catch (error) {
    return { code: codeOf(error), body: { refused: reasonOf(error) } };
  }
}

function diffAnswer({ entry, diff }: VersionDiff): HistoryAnswer {
  if (diff !== undefined) return plain(200, diff);
  const refusal = "not everybody may read it, so its texts are not served; hecd diff reads them where you may";
  return plain(403, `Cannot read ${entry.dest}: ${refusal}\n`);
}

function codeOf(error: unknown): 404 | 500 {
  return hasCode(error, "version-unknown") ? 404 : 500;
}

function plain(code: HistoryAnswer["code"], body: string): HistoryAnswer {
  return { code, type: "text/plain; charset=utf-8", body };
}
