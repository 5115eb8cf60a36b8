/** How many things are named that commands have done. */
const NAMED = 20;

/** What commands do to a running HAProxy, each thing once, in words without their arguments: `web/a added`. */
export function describeCommands(lines: readonly string[]): readonly string[] {
  const done = [...new Set(lines.flatMap((line) => deedOf(line) ?? []))];
  // Whoever is added is enabled as well, and has its checks begin.
  const added = new Set(done.flatMap((deed) => (deed.endsWith(ADDED) ? [deed.slice(0, -ADDED.length)] : [])));
  const told = done.filter((deed) => !(deed.endsWith(IN) && added.has(deed.slice(0, -IN.length))));
  return told.length > NAMED ? [...told.slice(0, NAMED), `and ${told.length - NAMED} more`] : told;
}

const ADDED = " added";
const IN = " in work";

function deedOf(line: string): string | undefined {
  const [verb, what, name = "", ...more] = line.split(" ");
  const [field, value, , port] = more;
  switch (`${verb} ${what}`) {
    case "add server":
      return `${name}${ADDED}`;
    case "del server":
      return `${name} deleted`;
    case "enable server":
      return `${name}${IN}`;
    case "set server":
      if (field === "addr") return `${name} moved to ${value}:${port}`;
      if (field === "weight") return `${name} weight ${value}`;
      if (field === "state") return value === "ready" ? `${name}${IN}` : `${name} out of work`;
      return undefined;
    case "add backend":
      return `backend ${name}${ADDED}`;
    case "del backend":
      return `backend ${name} deleted`;
    case "add map":
    case "del map":
    case "set map":
      return `map ${name === "@?" || name.startsWith("@") ? (field ?? "") : name} changed`;
    default:
      return undefined;
  }
}
