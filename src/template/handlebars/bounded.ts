import Handlebars from "handlebars";
import { LONGEST_TEXT, TOO_LONG } from "../go-values/bytes.js";

/** The helper `each`, which ends with an error when what it has made becomes too long. */
export function boundedEach(each: Handlebars.HelperDelegate): Handlebars.HelperDelegate {
  return function (this: unknown, items: unknown, options: Handlebars.HelperOptions) {
    let length = 0;
    const fn: Handlebars.HelperOptions["fn"] = (context: unknown, given?: Handlebars.RuntimeOptions) => {
      const text: unknown = options.fn(context, given);
      length += String(text).length;
      checkLength(length, options);
      return text as string; // of a body that is nothing but a number Handlebars gives the number, and takes it
    };
    return each.call(this, items, { ...options, fn }) as unknown;
  };
}

/** Throws where a text is too long; at the line of what has made it, where that is known. */
export function checkLength(length: number, where?: Handlebars.HelperOptions): void {
  // Its types do not know that Handlebars gives the place to every helper.
  if (length > LONGEST_TEXT)
    throw new Handlebars.Exception(TOO_LONG, where as unknown as hbs.AST.Node | undefined) as unknown as Error;
}
