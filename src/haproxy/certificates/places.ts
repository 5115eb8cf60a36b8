import { splitWords } from "../config/words.js";

/** The files and folders that the binds of a configuration take certificates from, as far as they are written in plain words. */
export function certificatePlaces(text: string): readonly string[] {
  const base = /^[ \t]*crt-base[ \t]+(\S+)/m.exec(text)?.[1];
  const lines = text.match(/^[ \t]*bind[ \t].*[ \t]crt[ \t].*$/gm) ?? [];
  const places = lines.flatMap((line) => {
    const { words, isPlain } = splitWords(line);
    return isPlain ? words.flatMap((word, at) => (word === "crt" ? (words[at + 1] ?? []) : [])) : [];
  });
  const paths = places.map((place) => (place.startsWith("/") || base === undefined ? place : `${base}/${place}`));
  return [...new Set(paths)].filter((path) => path.startsWith("/"));
}
