const NAME = String.raw`[\p{L}_:][\p{L}\p{N}_:.·-]*`;
const ATTRIBUTES = String.raw`(?:\s+${NAME}\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*`;
const TOKEN = new RegExp(
  [
    String.raw`<!--(?:(?!--)[^])*-->`,
    String.raw`<\?[^]*?\?>`,
    String.raw`<!\[CDATA\[[^]*?\]\]>`,
    String.raw`<!DOCTYPE(?:[^<>\[]|\[[^\]]*\])*>`,
    `<(?<open>${NAME})${ATTRIBUTES}(?<empty>/?)>`,
    String.raw`</(?<close>${NAME})\s*>`,
    String.raw`(?<text>[^<&]+|&(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#x[0-9A-Fa-f]+);)`,
  ].join("|"),
  "uy",
);

/** Why a text is no well-formed XML document; undefined when it is one. What a DTD would say does not count. */
export function xmlFault(text: string): string | undefined {
  const open: string[] = [];
  let roots = 0;
  TOKEN.lastIndex = text.startsWith("\uFEFF") ? 1 : 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const groups = TOKEN.exec(text)?.groups;
    if (!groups) return `no markup and no text on line ${lineAt(text, at)}`;
    const { open: name, empty, close, text: words } = groups;
    if (close !== undefined && open.pop() !== close) return `</${close}> on line ${lineAt(text, at)} closes nothing`;
    if (words !== undefined && open.length === 0 && words.trim() !== "")
      return `text outside of the root on line ${lineAt(text, at)}`;
    if (name === undefined) continue;
    if (open.length === 0) roots++;
    if (empty === "") open.push(name);
  }
  if (open.length > 0) return `<${open.at(-1) ?? ""}> is never closed`;
  return roots === 1 ? undefined : `it has ${roots} root elements`;
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}
