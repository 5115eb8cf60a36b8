import { presentIn } from "../../core/page/history.js";
import { type VersionPageModel, versionPageModel } from "../../core/page/version.js";
import type { HistoryOrders } from "../../ports.js";

/** The path of the page of a version. */
const PATH = /^\/page\/versions\/(\d{1,12})$/;

/** What a version is compared with, where the address names one. */
const AGAINST = /^\d{1,12}$/;

/** Whether an address is that of the page of a version. */
export function isVersionPath({ pathname }: URL): boolean {
  return PATH.test(pathname);
}

/**
 * The version that an address names, with what it has changed or how it differs from the one that `against` names; the
 * text alone for whoever may read it. Rejects with `version-unknown` where there is no such, and with the errors of the disk.
 */
export async function versionAt(
  { pathname, searchParams }: URL,
  history: HistoryOrders,
  isTrusted: boolean,
): Promise<VersionPageModel> {
  const [, id] = PATH.exec(pathname) ?? [];
  const [named] = AGAINST.exec(searchParams.get("against") ?? "") ?? [];
  const against = named === undefined ? undefined : Number(named);
  await history.readNewest();
  const found = await history.diff(Number(id), { against, isTrusted });
  const file = history.newest().find(({ dest }) => dest === found.entry.dest);
  return versionPageModel(found, against, presentIn(file?.entries ?? [])?.id);
}
