import type { z } from "zod";

/** An answer that is not what Docker's documents say; `problem` names the place and what is wrong, not what is there. */
export class UnreadableAnswer extends Error {
  override readonly name = "UnreadableAnswer";
  readonly problem: string;

  constructor(what: string, problem: string, options?: ErrorOptions) {
    super(`Docker's ${what} is not what it should be: ${problem}`, options);
    this.problem = problem;
  }
}

/** A request that was answered by an error, of the engine or of a proxy before it. */
export class RefusedRequest extends Error {
  override readonly name = "RefusedRequest";
  readonly statusCode: unknown;

  constructor(what: string, cause: Error & { readonly statusCode: unknown }) {
    super(`${what} was refused: ${cause.message.trim().slice(0, 300)}`, { cause });
    this.statusCode = cause.statusCode;
  }
}

/** The answer in its checked form; throws `UnreadableAnswer`, since a proxy may stand in between. */
export function parseAnswer<Schema extends z.ZodType>(schema: Schema, answer: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const problem = `${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim();
  throw new UnreadableAnswer(what, problem, { cause: parsed.error });
}
