/** A text of a manual page in the language of man(7): what the page means, in lines that groff and mandoc read. */
export type Roff = string;

/** A page: its name, its section, what it is about in one line, and its body. */
export interface Page {
  readonly name: string;
  readonly section: number;
  readonly summary: string;
  readonly body: readonly Roff[];
}

/** The whole page, as it is installed; `version` is that of the program. */
export function pageOf({ name, section, summary, body }: Page, version: string): Roff {
  return [
    // No date: equal sources give equal pages.
    `.TH ${quoted(name.toUpperCase())} ${section} "" ${quoted(`HECD ${version}`)} "HECD"`,
    // A word may be long, and a line of it is better than a broken one.
    ".nh",
    ".ad l",
    ".SH NAME",
    `${plain(name)} \\- ${plain(summary)}`,
    ...body,
    "",
  ].join("\n");
}

/** A section with what is in it. */
export function section(title: string, ...body: readonly Roff[]): Roff {
  return [`.SH ${quoted(title)}`, ...body].join("\n");
}

/** A part of a section. */
export function part(title: string, ...body: readonly Roff[]): Roff {
  return [`.SS ${quoted(title)}`, ...body].join("\n");
}

/** Paragraphs of plain text, divided by empty lines as they are; one that is indented stays as it is. */
export function paragraphs(text: string): Roff {
  return text
    .split(/\n{2,}/)
    .map((each) => (each.startsWith(" ") ? example(each.replace(/^ +/gm, "")) : `.PP\n${plain(each.trim())}`))
    .join("\n");
}

/** Lines that stay as they are. */
export function example(text: string): Roff {
  return `.PP\n.RS 4\n.nf\n${plain(text.trimEnd())}\n.fi\n.RE`;
}

/** What is called so, with what it means; the name has a bold word and perhaps what it takes. */
export function item(name: string, takes: string | undefined, meaning: string): Roff {
  const value = takes === undefined ? "" : ` \\fI${escaped(takes)}\\fR`;
  return `.TP\n\\fB${escaped(name)}\\fR${value}\n${plain(meaning)}`;
}

/** A text as the reader shall see it. */
function plain(text: string): Roff {
  // A line that begins with a dot or an apostrophe would be an order.
  return escaped(text).replace(/^[.']/gm, "\\&$&");
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("'", "\\(aq").replaceAll("`", "\\(ga");
}

function quoted(text: string): string {
  return `"${plain(text).replaceAll('"', "\\(dq")}"`;
}
