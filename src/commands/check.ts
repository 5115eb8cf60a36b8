import { basename, join } from "node:path";
import { certificateNotes } from "../edges/certificates/inspect.js";
import { temporaryFolder } from "../edges/files/temporary-folder.js";
import { askBuild } from "../edges/haproxy/check.js";
import { driverSelector } from "../edges/haproxy/select-driver.js";
import { TargetFile } from "../edges/output/target-file.js";
import { TemplateFolder, templatesIn } from "../edges/output/template-files.js";
import { reasonOf } from "../errors.js";
import { wallTime } from "../flow/clock.js";
import { isConfiguration } from "../haproxy/config/config.js";
import { adviceFor } from "../haproxy/config/lint.js";
import { newBackendReasons, reloadReasons } from "../haproxy/runtime/advice.js";
import { capabilitiesOf } from "../haproxy/runtime/capabilities.js";
import type { Resource, ResourceSet } from "../ports.js";
import type { Settings } from "../settings.js";
import { type Command, STORE_SETTINGS, type ProcessWorld } from "./command.js";
import { openPlainDeps, type Deps } from "./daemon.js";
import { openStores } from "./stores.js";
import { compileWith, templateDeps, withFolders } from "./rendering.js";

/** What was found of one resource; no fault means that it can be used. */
export interface CheckedResource {
  readonly resource: string;
  readonly faults: readonly string[];
  readonly notes: readonly string[];
}

/** `hecd check`: says what is wrong with the templates and what they render, and where; changes nothing. */
export const checkCommand: Command = {
  explanation: [
    "Reads conf.d and the templates, renders them from what etcd holds now, and has each result checked as the",
    "renderer would, in a temporary file. Prints what is wrong and where; exits 1 when anything is.",
  ].join("\n"),
  settings: [...STORE_SETTINGS, "confdir", "haproxy", "json"],
  async run(settings, world, signal) {
    const deps = openPlainDeps(settings, world);
    const set = await readResources(settings, world, deps);
    const checked = await checkResources(set, settings, world, deps, signal);
    world.stdout.write(settings.json ? `${JSON.stringify(checked, null, 2)}\n` : checked.map(wordsOf).join(""));
    return checked.every(({ faults }) => faults.length === 0) ? 0 : 1;
  },
};

/** The resources of the conf.d that the settings name, and what is wrong with others. */
export function readResources(settings: Settings, world: ProcessWorld, deps: Deps): Promise<ResourceSet> {
  return withFolders(new TemplateFolder(settings.confdir, deps), world.env, deps).read();
}

/** Renders each resource from what etcd holds now, and has the result checked as the renderer would; changes nothing. */
export async function checkResources(
  { resources, problems }: ResourceSet,
  settings: Settings,
  world: ProcessWorld,
  deps: Deps,
  signal: AbortSignal,
): Promise<readonly CheckedResource[]> {
  await using stores = await openStores(settings, deps, world);
  await using folder = await temporaryFolder();
  // Without a binary the checks themselves say so; where all have commands of their own, only this advice is missing.
  const build = await askBuild(settings.haproxy, deps.clock, signal).catch(() => undefined);
  signal.throwIfAborted();
  const seen = templateDeps(templatesIn(settings.confdir), { env: world.env });
  const checked: CheckedResource[] = problems.map(({ file, reason }) => ({
    resource: file,
    faults: [reason],
    notes: [],
  }));
  for (const resource of resources) {
    try {
      const snapshot = await stores.of(resource).read(resource.prefixes, signal);
      const { text, leftOut } = (await compileWith(seen)(resource))(snapshot);
      const verdict = await judge(text, resource, folder.path, settings, deps, signal);
      checked.push({
        resource: resource.name,
        faults: verdict.accepted ? [] : [verdict.output],
        notes: [
          ...leftOut.map(({ key, reason }) => `left out ${key}: ${reason}`),
          ...(verdict.accepted && verdict.output !== "" ? [verdict.output] : []),
          ...(resource.haproxy && isConfiguration(text) ? adviceOn(text, build?.version) : []),
          ...(resource.haproxy ? await certificateNotes(text, wallTime().getTime()) : []),
        ],
      });
    } catch (error) {
      signal.throwIfAborted();
      checked.push({ resource: resource.name, faults: [reasonOf(error)], notes: [] });
    }
  }
  return checked;
}

/** Checks a text in a file of the same name elsewhere: beside the real one, a file could be taken for it. */
async function judge(
  text: string,
  resource: Resource,
  folder: string,
  { haproxy }: Settings,
  { clock, emit }: Deps,
  signal: AbortSignal,
): Promise<{ readonly accepted: boolean; readonly output: string }> {
  const dest = join(folder, basename(resource.dest));
  const elsewhere: Resource = { ...resource, dest, mode: 0o644, uid: undefined, gid: undefined };
  await using staged = await new TargetFile(elsewhere, emit).stage(text);
  const driver = await driverSelector({ haproxy, clock, emit })(elsewhere);
  const { accepted, output } = await driver.check(staged.path, signal);
  const names = [staged.path, dest, folder];
  return { accepted, output: names.reduce((words, path) => words.replaceAll(path, resource.dest), output) };
}

/** What the file lacks to change without a reload and to be reloaded without loss, as far as this HAProxy goes. */
function adviceOn(text: string, version: string | undefined): readonly string[] {
  const capabilities = capabilitiesOf(version ?? "");
  const reasons =
    version === undefined ? [] : [...reloadReasons(text, capabilities), ...newBackendReasons(text, capabilities)];
  const all = [...reasons, ...adviceFor(text)];
  return all.map(({ section, line, reason }) =>
    line === undefined ? `in ${section}: ${reason}` : `in ${section}, consider "${line}": ${reason}`,
  );
}

function wordsOf({ resource, faults, notes }: CheckedResource): string {
  const lines = [...faults, ...notes].map((line) => `  ${line.trimEnd().replaceAll("\n", "\n  ")}\n`);
  return `${resource}: ${faults.length === 0 ? "ok" : "faulty"}\n${lines.join("")}`;
}
