/** One port of a list such as `80,443,8000-8010,53/udp`. */
export interface ListedPort {
  readonly port: number;
  readonly protocol: "tcp" | "udp" | undefined;
}

/** No list can be longer than what `--max-ports` may allow. */
const LONGEST = 1_024;

/** Reads a list of ports and ranges of ports; undefined when it is none, or names more than 1024. */
export function parsePortList(text: string): readonly ListedPort[] | undefined {
  const ports = new Map<string, ListedPort>();
  for (const item of text.split(",").slice(0, LONGEST + 1)) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp))?$/.exec(item.trim());
    if (!match) return undefined;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (first < 1 || last > 65_535 || last < first || last - first >= LONGEST) return undefined;
    const protocol = match[3] === "tcp" || match[3] === "udp" ? match[3] : undefined;
    for (let port = first; port <= last; port++) ports.set(`${port}/${protocol}`, { port, protocol });
    if (ports.size > LONGEST) return undefined;
  }
  return [...ports.values()].sort((a, b) => a.port - b.port);
}
