/** Two starts make two sums that have nothing to do with one another. */
const STARTS = [0x811c9dc5, 0x2f0b4c47] as const;
const PRIME = 0x01000193;

/** A short word of digits and small letters for a text: always the same, and hardly ever that of another text (FNV-1a). */
export function digestOf(text: string): string {
  return STARTS.map((start) => {
    let sum: number = start;
    for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), PRIME);
    return (sum >>> 0).toString(36).padStart(7, "0");
  }).join("");
}
