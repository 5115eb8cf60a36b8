import { readAssets } from "./page-assets.js";
import { PageServer, type PageSources } from "./page-server.js";
import { PageTemplates } from "./page-templates.js";

/** Opens the page whose templates are in a folder, with its script; rejects with the error of the disk. */
export async function openPage(sources: PageSources, folder: string, script: string): Promise<PageServer> {
  const [templates, assets] = await Promise.all([PageTemplates.read(folder), readAssets(folder, script)]);
  return new PageServer(sources, templates, assets);
}
