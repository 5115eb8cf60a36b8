import { createHash } from "node:crypto";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Makes a context in Docker's own folder as `docker context create` does, with the PEM files of a folder where one is given. */
export async function makeContext(
  config: string,
  name: string,
  docker: Readonly<Record<string, unknown>>,
  certificates?: string,
): Promise<void> {
  const id = createHash("sha256").update(name).digest("hex");
  const meta = join(config, "contexts/meta", id);
  await mkdir(meta, { recursive: true });
  await writeFile(join(meta, "meta.json"), JSON.stringify({ Name: name, Metadata: {}, Endpoints: { docker } }));
  if (certificates === undefined) return;
  const tls = join(config, "contexts/tls", id, "docker");
  await mkdir(tls, { recursive: true });
  for (const file of ["ca.pem", "cert.pem", "key.pem"]) await copyFile(join(certificates, file), join(tls, file));
}
