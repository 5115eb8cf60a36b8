import { join } from "node:path";
import { readTextIfThere } from "../files/read-text.js";

/** The secrets that systemd has passed to this service, as settings. */
export interface PassedCredentials {
  readonly "etcd-password"?: string;
  readonly "etcd-ca"?: string;
  readonly "etcd-cert"?: string;
  readonly "etcd-key"?: string;
}

/** Files that stay files: whoever uses them reads them. */
const FILES = ["etcd-ca", "etcd-cert", "etcd-key"] as const;

/**
 * What `LoadCredential=` of the unit has passed by the names `hecd.etcd-password`, `hecd.etcd-ca`, `hecd.etcd-cert` and
 * `hecd.etcd-key`: the first line of the first, the paths of the others.
 *
 * Throws `file-unreadable` when one is there and may not be read.
 */
export async function passedCredentials({
  CREDENTIALS_DIRECTORY: folder = "",
}: Readonly<Record<string, string | undefined>>): Promise<PassedCredentials> {
  if (folder === "") return {};
  const pathOf = (name: string): string => join(folder, `hecd.${name}`);
  const password = (await readTextIfThere(pathOf("etcd-password")))?.split("\n")[0];
  const files = await Promise.all(FILES.map(async (name) => [name, await readTextIfThere(pathOf(name))] as const));
  return {
    ...(password === undefined ? {} : { "etcd-password": password }),
    ...Object.fromEntries(files.filter(([, text]) => text !== undefined).map(([name]) => [name, pathOf(name)])),
  };
}
