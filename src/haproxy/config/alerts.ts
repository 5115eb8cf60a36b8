/** Said of every file that is refused, after the reasons. */
const SUMMARY = /Error\(s\) found in configuration file|Fatal errors found in configuration/;

/** A file that HAProxy was shown, and what it should be called towards people. */
export interface ShownFile {
  readonly path: string;
  readonly name: string;
  readonly text: string;
}

/**
 * What HAProxy complains of at this level, without its prefixes and summaries; empty when there is nothing.
 *
 * Lines that follow an alert without a prefix of their own belong to it.
 */
export function complaintsOf(output: string, level: "ALERT" | "WARNING"): string {
  const kept: string[] = [];
  let isKeeping = false;
  for (const line of output.split("\n")) {
    const match = /^\[([A-Z]+)\]\s+\(\d+\) : (.*)$/.exec(line);
    if (match) isKeeping = match[1] === level && !SUMMARY.test(match[2] ?? "");
    if (isKeeping && line.trim() !== "") kept.push((match?.[2] ?? line).replace(/^config : /, ""));
  }
  return kept.join("\n");
}

/** Why HAProxy has refused a file; of some sections it says so by a warning alone. */
export function reasonsOf(output: string): string {
  return complaintsOf(output, "ALERT") || complaintsOf(output, "WARNING");
}

/** The same complaints, with the staged file under its own name and each line they speak of beneath them. */
export function quoteLines(complaints: string, file: ShownFile): string {
  const lines = file.text.split("\n");
  return complaints
    .split("\n")
    .map((complaint) => {
      const place = complaint.indexOf(`[${file.path}:`);
      const number = place < 0 ? undefined : /^\d+/.exec(complaint.slice(place + file.path.length + 2))?.[0];
      const named = complaint.replaceAll(file.path, file.name);
      const line = number === undefined ? undefined : lines[Number(number) - 1];
      return line === undefined ? named : `${named}\n  ${number} | ${line.trim()}`;
    })
    .join("\n");
}

/** What to do about quoted complaints of an HAProxy that is too old for a configuration that asks an authority; undefined for all others. */
export function adviceOnAuthority(complaints: string): string | undefined {
  if (!/unknown keyword 'acme'|cannot open the file [^]*\| load crt .* acme /.test(complaints)) return undefined;
  return (
    "HAProxy asks an authority for certificates from 3.4 on, and 3.2 only where each file has one already; " +
    "for others there is HECD_ACME_SERVER in the place of HECD_ACME_DIRECTORY"
  );
}

/** The address that HAProxy could not bind because another process holds it. */
export function occupiedAddressOf(output: string): string | undefined {
  return /cannot bind .*\(Address already in use\).*\[([^\]]+)\]/.exec(output)?.[1];
}
