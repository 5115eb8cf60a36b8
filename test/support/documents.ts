import { readdirSync, readFileSync } from "node:fs";

/** The root folder of the project. */
export const ROOT = new URL("../../", import.meta.url);

/** Folders that hold no documents of ours. */
const NOT_OURS = new Set(["node_modules", ".git", "dist", "coverage"]);

/** A fenced block of a document. */
export interface Block {
  readonly page: string;
  /** The word behind the fence; it says what the block is, and so how it is tried out. */
  readonly language: string;
  readonly text: string;
}

/** Every document of the project, by its path from the root. */
export function pages(folder = ""): readonly string[] {
  return readdirSync(new URL(folder, ROOT), { withFileTypes: true })
    .filter(({ name }) => !NOT_OURS.has(name))
    .flatMap((entry) => {
      if (entry.isDirectory()) return pages(`${folder}${entry.name}/`);
      return entry.isFile() && entry.name.endsWith(".md") ? [`${folder}${entry.name}`] : [];
    })
    .sort();
}

/** The text of a document, by its path from the root: `README.md`, `docs/labels.md`. */
export function textOf(page: string): string {
  return readFileSync(new URL(page, ROOT), "utf8");
}

/** The text below the heading `title` of a document, up to the next heading of the same or a higher level. */
export function section(page: string, title: string): string {
  const lines = textOf(page).split("\n");
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === title);
  if (start < 0) throw new Error(`${page} has no section "${title}"`);
  const level = lines[start]?.match(/^#+/)?.[0].length ?? 0;
  const length = lines.slice(start + 1).findIndex((line) => new RegExp(`^#{1,${level}} `).test(line));
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join("\n");
}

/** All fenced blocks of a document, in their order. */
export function blocksOf(page: string): readonly Block[] {
  return fences(textOf(page)).map((fence) => ({ page, ...fence }));
}

/** The texts of the fenced blocks of a language in a part of a document. */
export function blocks(part: string, language: string): readonly string[] {
  return fences(part)
    .filter((fence) => fence.language === language)
    .map(({ text }) => text);
}

/** The rows of the first table in a part of a document, without heading and back-ticks. */
export function rows(part: string): readonly (readonly string[])[] {
  const lines = part.split("\n");
  const start = lines.findIndex((line) => line.startsWith("|"));
  const after = lines.findIndex((line, at) => at > start && !line.startsWith("|"));
  return lines.slice(start + 2, after < 0 ? undefined : after).map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll("`", "").replaceAll("\\|", "|")),
  );
}

/** A table of these rows, as a document has it. */
export function tableOf(heading: readonly string[], body: readonly (readonly string[])[]): string {
  return [heading, heading.map(() => "---"), ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** What stands between the marks of a part that a program writes. */
export function generatedPart(text: string, name: string): string {
  const { start, end } = marksOf(text, name);
  return text.slice(start, end).trim();
}

/** The text with another part between these marks. */
export function withGeneratedPart(text: string, name: string, part: string): string {
  const { start, end } = marksOf(text, name);
  return `${text.slice(0, start)}\n\n${part}\n\n${text.slice(end)}`;
}

function marksOf(text: string, name: string): { readonly start: number; readonly end: number } {
  const begin = `<!-- ${name}: begin -->`;
  const [start, end] = [text.indexOf(begin) + begin.length, text.indexOf(`<!-- ${name}: end -->`)];
  if (start < begin.length || end < start) throw new Error(`There is no place for the part "${name}"`);
  return { start, end };
}

function fences(text: string): readonly { readonly language: string; readonly text: string }[] {
  return [...text.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)].map(([, language = "", content = ""]) => ({
    language,
    text: content,
  }));
}
