/** One line of a configuration as HAProxy takes it apart. */
export interface Words {
  readonly words: readonly string[];
  /** False when HAProxy would put in variables, or when the quotes do not close: then the words are not the whole truth. */
  readonly isPlain: boolean;
}

const SPACE = /[ \t\r\v\f]/;
const ESCAPED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** Takes a line apart: words between blanks, `"` and `'` and `\` as HAProxy reads them, a comment left out. */
export function splitWords(line: string): Words {
  if (!/["'\\#]/.test(line)) return { words: line.split(/[ \t\r\v\f]+/).filter(Boolean), isPlain: true };
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  let isPlain = true;
  for (let at = 0; at < line.length; at++) {
    const letter = line.charAt(at);
    if (quote === "'") {
      if (letter === "'") quote = "";
      else word = (word ?? "") + letter;
    } else if (letter === "\\") {
      const escape = escapeAt(line, at);
      if (!escape) isPlain = false;
      word = (word ?? "") + (escape?.text ?? letter);
      at += (escape?.length ?? 1) - 1;
    } else if (letter === '"') {
      quote = quote === "" ? '"' : "";
      word ??= "";
    } else if (quote === '"') {
      if (letter === "$") isPlain = false;
      word = (word ?? "") + letter;
    } else if (letter === "'") {
      quote = "'";
      word ??= "";
    } else if (letter === "#") break;
    else if (SPACE.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + letter;
  }
  if (word !== undefined) words.push(word);
  return { words, isPlain: isPlain && quote === "" };
}

/** A text as one word of a configuration, such as a path with blanks. It holds no line feed, which no word can. */
export function configWord(text: string): string {
  return text.replace(/[ "'\\#]/g, "\\$&");
}

/** What the backslash at this place stands for, and how many letters it takes; undefined when that is not certain. */
function escapeAt(line: string, at: number): { readonly text: string; readonly length: number } | undefined {
  const next = line.charAt(at + 1);
  if (next === "x") {
    const code = /^[0-9a-fA-F]{2}/.exec(line.slice(at + 2))?.[0];
    return code === undefined ? undefined : { text: String.fromCharCode(Number.parseInt(code, 16)), length: 4 };
  }
  const text = ESCAPED[next] ?? (/^[ #\\"']$/.test(next) ? next : undefined);
  return text === undefined ? undefined : { text, length: 2 };
}

/** Whether this names a backend or a server in a command as it does in a file. */
export function isPlainName(name: string): boolean {
  return /^[\w.:-]+$/.test(name);
}
