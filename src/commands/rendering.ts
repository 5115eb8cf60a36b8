import type { Snapshot } from "../core/model/snapshot.js";
import { balancerOf } from "../edges/haproxy/select-driver.js";
import { TargetFile } from "../edges/output/target-file.js";
import type { Resource } from "../ports.js";
import { USUAL_MANNER } from "../renderer/apply.js";
import type { RendererParts } from "../renderer/renderer.js";
import type { Settings } from "../settings.js";
import { compileTemplate } from "../template/compile.js";
import { type RenderInput, type Rendering } from "../template/template.js";
import type { Surroundings } from "./daemon.js";

/** What templates can look at besides the keys. */
export interface TemplateSurroundings {
  /** Seen through `getenv`. */
  readonly env: RenderInput["env"];
  readonly world?: RenderInput["world"];
  readonly compat?: RenderInput["compat"];
}

/** Reads a resource's template. Throws `template-invalid`, as does the result. */
export function compileWith(
  surroundings: TemplateSurroundings,
): (resource: Resource) => Promise<(snapshot: Snapshot) => Rendering> {
  return async ({ src, source, prefix }) => {
    const template = await compileTemplate(src, source);
    return (snapshot) => template.render({ ...surroundings, snapshot, prefix });
  };
}

/** What a renderer is made of, on real files and a real HAProxy. */
export function rendererParts(
  settings: Settings,
  { storeOf, templates }: Pick<RendererParts, "storeOf" | "templates">,
  env: Readonly<Record<string, string | undefined>>,
  { clock, tell }: Surroundings,
): RendererParts {
  return {
    templates,
    storeOf,
    compile: compileWith({ env }),
    targetOf: (resource) => new TargetFile(resource, tell),
    balancerOf: (resource) => balancerOf(resource, { haproxy: settings.haproxy, clock, tell }),
    clock,
    tell,
    ...USUAL_MANNER,
    dryRun: settings["dry-run"],
  };
}
