import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { type DockerAddress, parseDockerUrl } from "../../core/host/docker-url.js";
import { suggest } from "../../core/text/suggest.js";
import { HecdError } from "../../errors.js";
import { codeOf } from "../files/errno.js";
import { readBytes } from "../files/read-text.js";

/** One of Docker's contexts: where its engine is, and with what TLS is spoken to it, where it is. */
interface DockerContext {
  readonly address: DockerAddress;
  readonly certificates: EngineCertificates | undefined;
}

/** PEM texts for TLS, of which there may be any. */
export interface EngineCertificates {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

const named = z.object({ Name: z.string() });
const schema = z.object({
  Endpoints: z.object({ docker: z.object({ Host: z.string(), SkipTLSVerify: z.boolean().optional() }) }),
});

/**
 * Reads a context as `docker context ls` shows it, from Docker's own folder, `~/.docker` where none is named.
 *
 * Throws `config-invalid` for one that is not there, or whose engine cannot be spoken to, and `file-unreadable`.
 */
export async function readContext(name: string, configPath: string | undefined): Promise<DockerContext> {
  const folder = join(configPath ?? join(homedir(), ".docker"), "contexts");
  const refuse = (issue: string): HecdError =>
    new HecdError({ code: "config-invalid", source: `the Docker context ${name}`, issues: [issue] });
  const id = createHash("sha256").update(name).digest("hex");
  const path = join(folder, "meta", id, "meta.json");
  const text = await readFile(path, "utf8").catch(async (error: unknown) => {
    if (codeOf(error) === "ENOENT") throw refuse(await nearTo(name, folder));
    return (await readBytes(path)).toString(); // fails with the same, in our words
  });
  const found = schema.safeParse(jsonOf(text));
  if (!found.success) throw refuse(`${path} names no Docker engine`);
  const { Host, SkipTLSVerify = false } = found.data.Endpoints.docker;
  if (Host.startsWith("ssh://")) {
    throw refuse(`${Host} is reached by SSH, which HECD does not speak: forward its socket (ssh -L), and name that`);
  }
  const address = parseDockerUrl(Host);
  if (!address || address.kind === "context") throw refuse(`its engine is at ${Host}, where HECD cannot ask`);
  if (SkipTLSVerify) throw refuse("it trusts any engine (SkipTLSVerify): give it the engine's ca.pem");
  return { address, certificates: await certificatesIn(join(folder, "tls", id, "docker")) };
}

async function certificatesIn(folder: string): Promise<EngineCertificates | undefined> {
  const present = await readdir(folder).catch((): string[] => []);
  const files = (["ca", "cert", "key"] as const).filter((name) => present.includes(`${name}.pem`));
  if (files.length === 0) return undefined;
  const read = files.map(async (name) => [name, await readBytes(join(folder, `${name}.pem`))] as const);
  return Object.fromEntries(await Promise.all(read));
}

/** Which contexts there are instead. */
async function nearTo(name: string, folder: string): Promise<string> {
  const names = await namesIn(join(folder, "meta"));
  const near = suggest(name, names)[0] ?? names.join(", ");
  return near === "" ? `there is none in ${folder}` : `there is no such context; there is ${near}`;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder).catch((): string[] => []);
  const texts = await Promise.all(
    entries.map((each) => readFile(join(folder, each, "meta.json"), "utf8").catch(() => "")),
  );
  return texts.flatMap((text) => named.safeParse(jsonOf(text)).data?.Name ?? []).sort();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
