import type { Snapshot } from "../core/snapshot.js";
import { balancerOf } from "../edges/haproxy.js";
import { TargetFile } from "../edges/target-file.js";
import type { Resource, Store, Templates } from "../ports.js";
import type { RendererParts } from "../renderer.js";
import type { Settings } from "../settings.js";
import { compileTemplate, type Rendering } from "../template/template.js";
import type { Surroundings } from "./daemon.js";

/** Reads a resource's template; templates see `env` through `getenv`. Throws `template-invalid`, as does the result. */
export function compileWith(
  env: Readonly<Record<string, string | undefined>>,
): (resource: Resource) => (snapshot: Snapshot) => Rendering {
  return ({ src, source, prefix }) => {
    const template = compileTemplate(src, source);
    return (snapshot) => template.render({ snapshot, prefix, env });
  };
}

/** What a renderer is made of, on real files and a real HAProxy. */
export function rendererParts(
  settings: Settings,
  { store, templates }: { readonly store: Store; readonly templates: Templates },
  env: Readonly<Record<string, string | undefined>>,
  { clock, tell }: Surroundings,
): RendererParts {
  return {
    templates,
    store,
    compile: compileWith(env),
    targetOf: (resource) => new TargetFile(resource, tell),
    balancerOf: (resource) => balancerOf(resource, { haproxy: settings.haproxy, clock, tell }),
    clock,
    tell,
    dryRun: settings["dry-run"],
  };
}
