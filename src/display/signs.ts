/** The characters of a text, each of which takes one column of a terminal unless it is a wide one. */
export function signsOf(text: string): readonly string[] {
  return Array.from(text);
}
