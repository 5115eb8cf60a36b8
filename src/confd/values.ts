import { z } from "zod";

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A time in the form of Go, such as `500ms`, `1s`, `2m` or `1m30s`; in milliseconds. */
export const durationMs = z
  .string({ error: 'must be a time in quotes, such as "500ms" or "1s"' })
  .transform((input, context) => {
    const parts = [...input.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/gy)];
    if (parts.length === 0 || parts.map(([part]) => part).join("") !== input) {
      context.addIssue({
        code: "custom",
        message: `must be a time such as "500ms" or "1s", not ${JSON.stringify(input)}`,
      });
      return z.NEVER;
    }
    return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (UNIT_MS[unit ?? ""] ?? 0), 0);
  });

/**
 * Permission bits as confd reads them: `"0644"`, `"0o644"` or `"0x1a4"`.
 *
 * confd takes `"644"` for a decimal number, which is never what was meant: it is refused.
 */
export const fileMode = z.string({ error: 'must be text in quotes, such as "0644"' }).transform((input, context) => {
  const refuse = (message: string): never => {
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  };
  if (/^[1-7][0-7]{2}$/.test(input)) return refuse(`write "0${input}": confd takes "${input}" for a decimal number`);
  if (!/^(0o?[0-7]+|0x[0-9a-fA-F]+)$/.test(input)) {
    return refuse(`must be permission bits such as "0644", not ${JSON.stringify(input)}`);
  }
  const bits = /^0[ox]/.test(input) ? Number(input) : Number.parseInt(input, 8);
  return bits <= 0o777 ? bits : refuse(`must be permission bits, "0777" at most, not ${JSON.stringify(input)}`);
});
