import { SaxesParser } from "saxes";

/**
 * Why a text is no well-formed XML document; undefined when it is one.
 *
 * Namespaces need not be declared, and an entity may be one that a DTD declares.
 */
export function xmlFault(text: string): string | undefined {
  const parser = new SaxesParser();
  let fault: string | undefined;
  let hasDeclarations = false;
  parser.on("doctype", (doctype) => (hasDeclarations = doctype.includes("[") || /\b(SYSTEM|PUBLIC)\b/.test(doctype)));
  parser.on("error", ({ message }) => {
    if (!hasDeclarations || !message.endsWith(": undefined entity.")) fault ??= message;
  });
  parser.write(text).close();
  return fault;
}
