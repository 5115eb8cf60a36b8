import { HecdError, reasonOf } from "../../errors.js";

/** An error while a template is read or rendered, in one line of our words and with the line where that is known. */
export function handlebarsError(template: string, error: unknown): HecdError {
  if (error instanceof HecdError) return error;
  const { line, reason } = explain(error);
  const fault = { code: "template-invalid", template, reason } as const;
  return new HecdError(line === undefined ? fault : { ...fault, line }, { cause: error });
}

function explain(error: unknown): { readonly line?: number | undefined; readonly reason: string } {
  const message = reasonOf(error);
  const parse = /^Parse error on line (\d+):\n(.*)\n.*\n(.*)$/s.exec(message);
  if (parse) {
    const [, line, near, expected] = parse;
    return {
      line: Number(line),
      reason: `syntax error near ${JSON.stringify(near)}: ${expected?.toLowerCase() ?? ""}`,
    };
  }
  const place = / - \d+:\d+$/.exec(message);
  const words = place ? message.slice(0, place.index) : message;
  return { line: lineOf(error), reason: reword(words) };
}

function reword(words: string): string {
  const unknown = /^You specified knownHelpersOnly, but used the unknown helper (.*)$/.exec(words)?.[1];
  if (unknown !== undefined) return `there is no function "${unknown}"`;
  const through = /^(".*") not defined in null$/s.exec(words)?.[1];
  if (through !== undefined) return `what should have ${through} is missing`;
  const missing = /^(".*?") not defined in/s.exec(words)?.[1];
  if (missing !== undefined) return `${missing} is not defined here`;
  return words;
}

/** The line that Handlebars puts on its exceptions, which its types do not tell of everything that is thrown. */
function lineOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("lineNumber" in error)) return undefined;
  return typeof error.lineNumber === "number" ? error.lineNumber : undefined;
}
