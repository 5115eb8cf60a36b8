import { createHash } from "node:crypto";
import { realpathSync, statSync } from "node:fs";
import { chmod, copyFile, cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { hasOwnMachines } from "./plan.mjs";
import { find, must, Obstacle, run } from "./program.mjs";

/**
 * A small image that is made of programs of this machine, so that nothing has to be pulled.
 *
 * @typedef {object} Recipe
 * @property {string} image its name
 * @property {readonly string[]} programs copied together with their shared libraries
 * @property {boolean} npm whether npm is copied as well
 * @property {readonly string[]} changes in the words of a Dockerfile
 */

/**
 * A web server that answers with its host name. Process 1 has no default signal handlers, so the shell in that place
 * minds SIGTERM; without it `docker stop` would wait for its ten seconds.
 */
const WEB = "hostname >/www/index.html; trap 'exit 0' TERM INT; httpd -f -p 8080 -h /www & wait";

const CLIENT_URL = "http://0.0.0.0:2379";

/** @type {readonly Recipe[]} */
const RECIPES = [
  {
    image: "hecd-test/web",
    programs: [],
    npm: false,
    changes: ["EXPOSE 8080", `CMD ${JSON.stringify(["sh", "-c", WEB])}`],
  },
  {
    image: "hecd-test/etcd",
    programs: ["etcd", "etcdctl"],
    npm: false,
    changes: [
      "ENV ETCDCTL_API=3",
      "EXPOSE 2379",
      `CMD ${JSON.stringify(["etcd", "--data-dir=/tmp/etcd", `--listen-client-urls=${CLIENT_URL}`, `--advertise-client-urls=${CLIENT_URL}`])}`,
    ],
  },
  {
    image: "hecd-test/haproxy",
    programs: ["haproxy"],
    npm: false,
    changes: ["EXPOSE 8080", `CMD ${JSON.stringify(["haproxy", "-W", "-db", "-f", "/etc/haproxy/haproxy.cfg"])}`],
  },
  // A base for an HAProxy that fetches its configuration, in the place of the public image of HAProxy.
  {
    image: "hecd-test/haproxy-curl",
    programs: ["haproxy", "curl", "bash"],
    npm: false,
    changes: [`CMD ${JSON.stringify(["haproxy"])}`],
  },
  // A base for the Dockerfile, in the place of the public image of Node.
  { image: "hecd-test/node", programs: ["node", "haproxy"], npm: true, changes: ['CMD ["node"]'] },
];

/** Raised when images have to be made anew although the programs in them are the same. */
const EDITION = 1;

/**
 * The names of the images that a purpose needs.
 *
 * @param {import("./plan.mjs").Purpose} purpose
 * @returns {readonly string[]}
 */
export function imagesFor(purpose) {
  if (hasOwnMachines(purpose)) return [];
  return purpose === "start" ? ["hecd-test/web"] : RECIPES.map(({ image }) => image);
}

/**
 * Which of the images the engine does not have, or has of other programs than those which are installed now.
 *
 * @param {readonly string[]} images
 * @returns {Promise<readonly string[]>}
 */
export async function staleAmong(images) {
  const format = '{{json .RepoTags}} {{index .Config.Labels "hecd.recipe"}}';
  const { stdout } = await run("docker", ["image", "inspect", "--format", format, ...images]);
  const present = printsIn(stdout);
  return images.filter((image) => {
    const print = fingerprintOf(recipeOf(image));
    return print === undefined || present.get(`${image}:latest`) !== print;
  });
}

/**
 * The fingerprints of images by their names, of which an image has any number: a line `["a:latest","b:latest"] print` of
 * each. An image that we have not made has none. Podman writes the registry before a name, also of what was never there.
 *
 * @param {string} lines
 * @returns {ReadonlyMap<string, string>}
 */
export function printsIn(lines) {
  const found = [...lines.matchAll(/^(\[.*\]) ([0-9a-f]+)$/gm)];
  return new Map(
    found.flatMap(([, names = "", print = ""]) =>
      parseNames(names).map((name) => [name.replace(/^(docker\.io|localhost)\//, ""), print]),
    ),
  );
}

const parseNames = /** @type {(text: string) => readonly string[]} */ (JSON.parse);

/**
 * Makes the images in the local engine; an older one of the same name loses it, and goes when nothing uses it.
 *
 * @param {readonly string[]} images
 * @returns {Promise<void>}
 */
export async function makeImages(images) {
  for (const image of await staleAmong(images)) await make(recipeOf(image));
}

/** @param {Recipe} recipe */
async function make(recipe) {
  const print = fingerprintOf(recipe);
  if (print === undefined)
    throw new Obstacle(`Cannot make ${recipe.image}: ${recipe.programs.join(", ")} must be there`);
  const scratch = await mkdtemp(join(tmpdir(), "hecd-image-"));
  try {
    const root = join(scratch, "root");
    const archive = join(scratch, "image.tar");
    await fill(root, recipe);
    const flags = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
    await must("tar", ["-C", root, ...flags, "-cf", archive, "."]);
    const old = (await run("docker", ["image", "inspect", "--format", "{{.Id}}", recipe.image])).stdout.trim();
    const changes = ["ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin", `LABEL hecd.recipe=${print}`, ...recipe.changes];
    await must("docker", ["import", ...changes.flatMap((change) => ["--change", change]), archive, recipe.image]);
    if (old !== "") await run("docker", ["image", "rm", old]);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * @param {string} root
 * @param {Recipe} recipe
 */
async function fill(root, recipe) {
  for (const directory of ["usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "etc", "tmp", "var/lib", "run", "www"]) {
    await mkdir(join(root, directory), { recursive: true });
  }
  for (const name of ["bin", "sbin", "lib", "lib64"]) await symlink(`usr/${name}`, join(root, name));
  await chmod(join(root, "tmp"), 0o1777);
  await writeFile(
    join(root, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\nhaproxy:x:100:100::/var/lib/haproxy:/bin/false\n",
  );
  await writeFile(join(root, "etc/group"), "root:x:0:\nhaproxy:x:100:\n");
  await writeFile(join(root, "etc/nsswitch.conf"), "hosts: files dns\n");

  for (const name of recipe.programs) await copyProgram(root, pathOf(name));
  const busybox = await copyProgram(root, pathOf("busybox"));
  for (const applet of (await must("busybox", ["--list"])).split("\n")) {
    if (applet === "" || applet === "busybox") continue;
    await symlink(busybox, join(root, "usr/bin", applet)).catch(ignoreExisting);
  }
  if (recipe.npm) {
    await cp(npmDirectory(), join(root, "usr/lib/node_modules/npm"), { recursive: true });
    await symlink("../lib/node_modules/npm/bin/npm-cli.js", join(root, "usr/bin/npm"));
  }
}

/**
 * Copies a program, its shared libraries and its loader to the same paths below `root`; resolves to where it is there.
 *
 * @param {string} root
 * @param {string} program
 */
async function copyProgram(root, program) {
  const path = realpathSync(program);
  const libraries = librariesIn((await run("ldd", [path])).stdout, path);
  for (const file of [path, ...new Set(libraries)]) {
    await mkdir(join(root, dirname(file)), { recursive: true });
    await copyFile(file, join(root, file));
  }
  const name = join("/usr/bin", program.slice(program.lastIndexOf("/") + 1));
  if (name !== path) await symlink(path, join(root, name)).catch(ignoreExisting);
  return path;
}

/**
 * The shared libraries and the loader in what `ldd` says of a program; none of one that needs none.
 *
 * @param {string} said
 * @param {string} program for the `Obstacle` when a library of it is not installed
 * @returns {readonly string[]}
 */
export function librariesIn(said, program) {
  const missing = [...said.matchAll(/^\s*(\S+) => not found$/gm)].map(([, library]) => library);
  if (missing.length > 0) throw new Obstacle(`Not installed, and ${program} needs it: ${missing.join(", ")}`);
  return said.match(/\/[^ )]+(?= \(0x)/g) ?? [];
}

/** @param {unknown} error */
function ignoreExisting(error) {
  if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
}

/**
 * Changes whenever the recipe or a program in it does; undefined while a program is missing.
 *
 * @param {Recipe} recipe
 * @returns {string | undefined}
 */
function fingerprintOf(recipe) {
  const paths = ["busybox", ...recipe.programs].map(find);
  if (paths.includes(undefined)) return undefined;
  const files = [...paths.map(String), ...(recipe.npm ? [join(npmDirectory(), "package.json")] : [])].map((path) => {
    const { size, mtimeMs } = statSync(path);
    return [path, size, mtimeMs];
  });
  return createHash("sha256")
    .update(JSON.stringify([EDITION, recipe, files]))
    .digest("hex")
    .slice(0, 32);
}

/**
 * @param {string} program
 * @returns {string}
 */
function pathOf(program) {
  const path = find(program);
  if (path === undefined) throw new Obstacle(`Cannot find the program ${program}`);
  return path;
}

/** Where npm lives: `<here>/bin/npm-cli.js` is what the program `npm` is a link to. */
function npmDirectory() {
  return dirname(dirname(realpathSync(pathOf("npm"))));
}

/**
 * @param {string} image
 * @returns {Recipe}
 */
function recipeOf(image) {
  const recipe = RECIPES.find((candidate) => candidate.image === image);
  if (recipe === undefined) throw new Error(`No recipe for ${image}`);
  return recipe;
}
