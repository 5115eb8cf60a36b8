/** Whose engine it is that speaks Docker's API: Podman's differs in what the functions here are about. */
export type EngineKind = "docker" | "podman";

/** The names of what an engine is made of tell whose it is. */
export function kindOf(components: readonly { readonly Name: string }[] | null | undefined): EngineKind {
  return (components ?? []).some(({ Name }) => Name === "Podman Engine") ? "podman" : "docker";
}

/** Docker's filters of a list to which Podman answers with a fault. */
const FILTERS_LACKING = ["publish", "expose", "is-task"];

/** What is wrong with filters, each as `name=value`, for Podman; undefined when nothing is. */
export function filterProblem(filters: readonly string[]): string | undefined {
  const lacking = filters.find((filter) => FILTERS_LACKING.some((name) => filter.startsWith(`${name}=`)));
  if (lacking === undefined) return undefined;
  return `Podman has no filter ${lacking.slice(0, lacking.indexOf("="))}; use label, name or network instead (--filter ${lacking})`;
}

/** What tells the container that holds the network of a pod from all others; it runs nothing. */
export function isInfra({ name, image, command }: Described): boolean {
  return (
    /^[0-9a-f]{12}-infra$/.test(name) ||
    image.startsWith("localhost/podman-pause:") ||
    command.join(" ") === "/catatonit -P"
  );
}

interface Described {
  readonly name: string;
  readonly image: string;
  /** Its first process. */
  readonly command: readonly string[];
}

/** Whether a port is to be published: Podman 4 names also what is only exposed among those, with nothing behind it. */
export function isAskedToPublish(bindings: unknown): boolean {
  return Array.isArray(bindings) && bindings.length > 0;
}

/** Podman's names of actions that have another one in Docker; version 4 has `died` where its filters want that word. */
const ACTIONS: ReadonlyMap<string, string> = new Map([
  ["died", "die"],
  ["remove", "destroy"],
]);

/** What Docker calls an action of a container. */
export function dockerAction(action: string): string {
  return ACTIONS.get(action) ?? action;
}

/** Why a stream of events could not be had although the engine answers: it keeps none (`events_logger = "none"`). */
export function keepsNoEvents(kind: EngineKind, error: unknown): boolean {
  return kind === "podman" && error instanceof Error && error.message.includes('cannot read events with the "none"');
}
