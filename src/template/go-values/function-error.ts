/** What a template's function could not do, in words that the template's error quotes. */
export class FunctionError extends Error {
  override readonly name = "FunctionError";
}
