import { readFileSync } from "node:fs";
import { flagOf, settingNames } from "../../src/config.js";
import { RULES } from "./import-rules.js";

/** The README as it stands. */
export function readme(): string {
  return readFileSync(new URL("../../README.md", import.meta.url), "utf8");
}

/** The text below the heading `title`, up to the next heading of the same or a higher level. */
export function section(title: string): string {
  const lines = readme().split("\n");
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === title);
  if (start < 0) throw new Error(`The README has no section "${title}"`);
  const level = lines[start]?.match(/^#+/)?.[0].length ?? 0;
  const length = lines.slice(start + 1).findIndex((line) => new RegExp(`^#{1,${level}} `).test(line));
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join("\n");
}

/** The fenced blocks of a language in a part of the README. */
export function blocks(part: string, language: string): readonly string[] {
  return [...part.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, tag]) => tag === language)
    .map(([, , text]) => text ?? "");
}

/** The rows of the first table in a part of the README, without heading and back-ticks. */
export function rows(part: string): readonly (readonly string[])[] {
  const lines = part.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll("`", "").replaceAll("\\|", "|")),
  );
}

/** The table of all settings that have a flag, as the README must show it. */
export function settingsTable(): string {
  const lines = settingNames().flatMap((name) => {
    const flag = flagOf(name);
    if (!flag) return [];
    const left = `--${name}${flag.takes === undefined ? "" : ` ${flag.takes}`}`.replaceAll("|", "\\|");
    const fallback = flag.fallback === undefined ? "" : `\`${flag.fallback}\``;
    const others = flag.env.slice(1).map((other) => `\`${other}\``);
    const meaning = `${flag.help}${others.length > 0 ? `; also from ${others.join(", ")}` : ""}`;
    return [`| \`${left}\` | ${fallback} | ${meaning} |`];
  });
  return ["| flag | default | meaning |", "| --- | --- | --- |", ...lines].join("\n");
}

/** The table of the import rules that the README must show. */
export function importTable(): string {
  const list = (names: readonly string[], none: string): string =>
    names.length === 0 ? none : names.map((name) => `\`${name}\``).join(", ");
  const lines = Object.entries(RULES).map(
    ([room, { rooms, packages }]) => `| \`${room}\` | ${list(rooms, "nothing")} | ${list(packages, "none")} |`,
  );
  return ["| room | may import | packages |", "| --- | --- | --- |", ...lines].join("\n");
}
