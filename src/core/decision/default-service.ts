import type { Container } from "../model/container.js";
import { defaultService } from "../model/keys.js";
import { NAME } from "../text/patterns.js";
import type { ServiceSource } from "./context.js";
import { taskOf } from "../labels/swarm-task.js";

/** Where Compose says a container belongs; undefined where it says nothing, or nothing that is a name. */
export function composeOf({ labels }: Container): {
  readonly project?: string | undefined;
  readonly composeService?: string | undefined;
} {
  const [project, composeService] = ["project", "service"]
    .map((what) => labels[`com.docker.compose.${what}`] ?? "")
    .map((name) => (NAME.test(name) ? name : undefined));
  return { ...(project === undefined ? {} : { project }), ...(composeService === undefined ? {} : { composeService }) };
}

/** The service of a container that names none; that of the prefix where the wanted source says nothing. */
export function serviceByDefault(container: Container, source: ServiceSource, prefix: string): string {
  const name = nameFrom(source, container);
  return name !== undefined && NAME.test(name) ? name : defaultService(prefix);
}

function nameFrom(source: ServiceSource, container: Container): string | undefined {
  const { project, composeService } = composeOf(container);
  const belongsTo = composeService ?? taskOf(container)?.service;
  switch (source) {
    case "prefix":
      return undefined;
    case "compose":
      return belongsTo;
    case "project":
      return project === undefined || composeService === undefined ? belongsTo : `${project}-${composeService}`;
    case "image":
      return container.image.startsWith("sha256:")
        ? undefined
        : container.image.replace(/@.*$/s, "").replace(/^.*\//s, "").replace(/:.*$/s, "");
  }
}
