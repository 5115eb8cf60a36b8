import type { Template } from "./template.js";

/**
 * Reads a template: Handlebars when its name ends in `.hbs`, else Go's text/template, whose templates confd lets have
 * any name. Keep the result: rendering is the cheap part. Only the language that is asked for is loaded, and regular
 * expressions where the template, or one that it includes, may have any.
 *
 * Throws `template-invalid` with the line when the text is not of that language.
 */
export async function compileTemplate(name: string, source: string): Promise<Template> {
  const patterns = /regex|include/.test(source) ? (await import("./regexp/pattern.js")).readPattern : undefined;
  return name.endsWith(".hbs")
    ? (await import("./handlebars.js")).compileHandlebars(name, source, patterns)
    : (await import("./go-template.js")).compileGo(name, source, patterns);
}
