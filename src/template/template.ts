import { HecdError } from "../errors.js";
import type { LeftOut } from "../core/view.js";
import type { Snapshot } from "../core/snapshot.js";
import { compileHandlebars } from "./handlebars.js";

/** What a rendering depends on; equal inputs give equal texts. */
export interface RenderInput {
  readonly snapshot: Snapshot;
  /** Is cut off the keys before the functions see them; `/` cuts nothing. The services are those of the whole keys. */
  readonly prefix: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A text, and what the services in it had to leave out; nothing of that when the template does not ask for services. */
export interface Rendering {
  readonly text: string;
  readonly leftOut: readonly LeftOut[];
}

/** A template that has been read: whatever can be wrong with its text alone is not. */
export interface Template {
  /** Throws `template-invalid` when it cannot be done with this input. */
  render(input: RenderInput): Rendering;
}

/**
 * Reads a template in the language that the ending of its name tells. Keep the result: rendering is the cheap part.
 *
 * Throws `template-invalid` with the line when the text is not of that language.
 */
export function compileTemplate(name: string, source: string): Template {
  if (name.endsWith(".hbs")) return compileHandlebars(name, source);
  throw new HecdError({
    code: "template-invalid",
    template: name,
    reason: "its ending does not tell a template language; .hbs is Handlebars",
  });
}
