import { stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import type { ConfdSettings } from "../../confd/flags.js";
import { flatten } from "../../confd/flatten.js";
import { snapshotOf } from "../../core/model/snapshot.js";
import { BackendStores } from "../../edges/documents/backend-stores.js";
import { readText, unreadable } from "../../edges/files/read-text.js";
import type { ConfdJournal } from "../../edges/host/confd-journal.js";
import { formatFault } from "../../edges/host/output-format.js";
import type { TemplateFolder } from "../../edges/output/template-files.js";
import { HecdError, reasonOf } from "../../errors.js";
import { systemClock } from "../../flow/clock.js";
import { deadlineSignal } from "../../flow/deadline.js";
import type { Resource } from "../../ports.js";
import type { ProcessWorld } from "../command.js";
import { compileWith } from "../rendering.js";
import { type Confd, confdTemplateDeps } from "./modes.js";

/** What a look at the resources needs. */
interface Look {
  readonly settings: ConfdSettings;
  readonly journal: ConfdJournal;
  readonly templates: TemplateFolder;
}

/** One file of conf.d: what is in it, or what is wrong with it. */
interface Found {
  readonly path: string;
  readonly resource?: Resource;
  readonly faults: readonly string[];
}

/** `-check-config`: says what is wrong with the resources; exit code 1 when anything is. */
export async function checkConfig(look: Look): Promise<number> {
  return judge(look, "Validation complete", async ({ path, resource, faults }) => {
    if (!resource) return faults;
    return [
      ...(resource.prefixes.length === 0 ? [`${path}: keys: required field is missing or empty`] : []),
      ...((await isDirectory(dirname(resource.dest)))
        ? []
        : [`${path}: dest: destination directory does not exist: ${dirname(resource.dest)}`]),
    ];
  });
}

/**
 * `-validate`: says what is wrong with the templates; exit code 1 when anything is.
 *
 * With `-mock-data` they are rendered with those keys too, and the output must be of its format.
 */
export async function validateTemplates({ world, ...look }: Look & { readonly world: ProcessWorld }): Promise<number> {
  const { settings } = look;
  const keys = settings["mock-data"] === "" ? undefined : await readMockData(settings["mock-data"]);
  return judge(look, "Template validation complete", async ({ resource, faults }) => {
    if (!resource) return faults;
    try {
      const render = await compileWith(confdTemplateDeps(settings, world))(resource);
      if (!keys) return [];
      const { text } = render(snapshotOf(1n, keys));
      const fault = resource.outputFormat && (await formatFault(text, resource.outputFormat));
      return fault === undefined ? [] : [`${resource.src}: output_format: ${fault}`];
    } catch (error) {
      return [reasonOf(error)];
    }
  });
}

/** `-preflight`: reads the keys of every resource once; exit code 1 when one cannot be had. */
export async function preflight(
  { settings, world, journal, backend, templates }: Confd,
  signal: AbortSignal,
): Promise<number> {
  const say = (level: "info" | "warning" | "error", message: string): void => {
    journal.write({ level, message });
  };
  say("info", "Running pre-flight checks...");
  const afterMs = settings["preflight-timeout"];
  using limit = deadlineSignal(
    afterMs,
    () => new HecdError({ code: "deadline", what: "the backend", afterMs }),
    systemClock,
    signal,
  );
  const emit = (): void => undefined; // what is wrong comes with the failure of the reading
  await using stores = new BackendStores({ clock: systemClock, emit, env: world.env });
  const { resources, problems } = await templates.read();
  for (const { file, reason } of problems) say("error", `${file}: ${reason}`);
  say("info", `Templates: ${resources.length} loaded`);
  let failed = problems.length;
  for (const resource of resources) {
    try {
      const { entries } = await stores.of(resource.backend ?? backend).read(resource.prefixes, limit.signal);
      if (entries.size === 0) say("warning", `${resource.src}: no keys found for prefix ${resource.prefix}`);
      else say("info", `  ${resource.src}: ${entries.size} keys found`);
    } catch (error) {
      signal.throwIfAborted();
      failed++;
      say("error", `${resource.src}: backend error: ${reasonOf(error)}`);
    }
  }
  if (failed === 0) say("info", "Pre-flight checks completed successfully");
  else say("error", `${failed} template(s) failed the pre-flight checks`);
  return failed === 0 ? 0 : 1;
}

async function judge(
  { settings, journal, templates }: Look,
  summary: string,
  faultsOf: (found: Found) => Promise<readonly string[]>,
): Promise<number> {
  let sound = 0;
  const all = await find(settings, templates);
  for (const found of all) {
    const faults = await faultsOf(found);
    for (const fault of faults) journal.write({ level: "error", message: fault });
    if (faults.length > 0) continue;
    sound++;
    journal.write({ level: "info", message: `OK: ${found.path}` });
  }
  journal.write({ level: "info", message: `${summary}: ${sound}/${all.length} files passed` });
  return sound === all.length ? 0 : 1;
}

/** All files of conf.d, or the one that is named. */
async function find({ confdir, resource: named }: ConfdSettings, templates: TemplateFolder): Promise<readonly Found[]> {
  const folder = join(confdir, "conf.d");
  const { resources, problems } = await templates.read();
  const faulty = new Map<string, string[]>();
  for (const { file, reason } of problems) faulty.set(file, [...(faulty.get(file) ?? []), `${file}: ${reason}`]);
  const all: readonly Found[] = [
    ...resources.map((resource) => ({ path: join(folder, resource.name), resource, faults: [] })),
    ...[...faulty].map(([path, faults]) => ({ path, faults })),
  ];
  if (named === "") return all;
  const wanted = isAbsolute(named) ? named : join(folder, named);
  const chosen = all.filter(({ path }) => path === wanted);
  if (chosen.length > 0) return chosen;
  throw new HecdError({ code: "file-unreadable", path: wanted, reason: "there is no such resource file" });
}

/** Any JSON object: `{"/app/x": "1"}` as well as `{"app": {"x": 1}}`. */
async function readMockData(path: string): Promise<readonly (readonly [string, string])[]> {
  try {
    return flatten(JSON.parse(await readText(path)));
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
