import { readdir, readFile } from "node:fs/promises";
import { basename } from "node:path";
import { gzipSync } from "node:zlib";
import { PROJECT } from "../machine/facts.mjs";

/** A file of a Debian package: where it goes, its mode, and what it holds or where it leads. */
export interface PackagedFile {
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer | { readonly link: string } | { readonly copyOf: string };
}

/** The Node that a package carries. */
export interface CarriedNode {
  /** The path of the program. */
  readonly program: string;
  /** The path of its terms. */
  readonly terms: string;
}

/** What a Debian package needs to know of itself. */
export interface Release {
  readonly version: string;
  /** In seconds since 1970. */
  readonly madeAt: number;
}

/** The folder of what is HECD's own. */
const HOME = "/usr/lib/hecd";
const DOC = "/usr/share/doc/hecd";

/**
 * What Node is told for a daemon, which lives for months: by itself it takes up to 48 MB for what is young, and a daemon of
 * few changes fills them all.
 */
export const NODE_FLAG = "--max-semi-space-size=2";
const UNITS = "/usr/lib/systemd/system";

/** Everything that the package holds, in the order of its paths. */
export async function packagedFiles(node: CarriedNode, release: Release): Promise<readonly PackagedFile[]> {
  const files = [
    ...(await programs(node, release)),
    ...(await configuration()),
    ...(await services()),
    ...(await manual()),
    ...(await documents(node, release)),
  ];
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The files of a user's configuration, which dpkg keeps as they are when they were changed. */
export function conffilesAmong(files: readonly PackagedFile[]): readonly string[] {
  return files.map(({ path }) => path).filter((path) => path.startsWith("/etc/"));
}

async function programs(node: CarriedNode, { version }: Release): Promise<readonly PackagedFile[]> {
  const built = (await namesBelow("dist")).filter((name) => name.endsWith(".js"));
  const manifest = JSON.stringify({ name: "hecd", version, type: "module" });
  return [
    { path: `${HOME}/node`, mode: 0o755, content: { copyOf: node.program } },
    { path: `${HOME}/package.json`, mode: 0o644, content: Buffer.from(`${manifest}\n`) },
    ...(await Promise.all(
      built.map(async (name) => {
        const text = await readFile(`${PROJECT}dist/${name}`, "utf8");
        const isProgram = text.startsWith("#!");
        const own = text
          .replace(/^#!.*$/m, isProgram ? `#!${HOME}/node ${NODE_FLAG}` : "$&")
          .replace(/^\/\/# sourceMappingURL=.*$\n?/m, "");
        return { path: `${HOME}/dist/${name}`, mode: isProgram ? 0o755 : 0o644, content: Buffer.from(own) };
      }),
    )),
    ...(await copied("templates", `${HOME}/templates`)),
    // The program is called as it is named here, also by the kernel and so in a list of processes.
    { path: "/usr/bin/hecd", mode: 0o777, content: { link: "../lib/hecd/dist/hecd.js" } },
  ];
}

async function configuration(): Promise<readonly PackagedFile[]> {
  return [
    await textFile("deploy/hecd.toml", "/etc/hecd/hecd.toml"),
    // It may hold a password.
    { ...(await textFile("deploy/hecd.env", "/etc/default/hecd")), mode: 0o640 },
    await textFile("deploy/conf.d/haproxy.toml", "/etc/hecd/conf.d/haproxy.toml"),
    // Those of the page are the program's own.
    ...(await copied("templates", "/etc/hecd/templates")).filter(({ path }) => !path.includes("/templates/page/")),
  ];
}

/** By the names that files of `deploy/` have: a unit, what is added to another one's, users, modes, and how a unit starts. */
async function services(): Promise<readonly PackagedFile[]> {
  const names = await readdir(`${PROJECT}deploy`);
  const places = names.flatMap((name): readonly (readonly [string, string, number])[] => {
    const [, others] = /^(.+)-hecd\.conf$/.exec(name) ?? [];
    if (others !== undefined) return [[name, `${UNITS}/${others}.service.d/hecd.conf`, 0o644]];
    if (name.endsWith(".service")) return [[name, `${UNITS}/${name}`, 0o644]];
    const [, kind] = /^hecd-(sysusers|tmpfiles)\.conf$/.exec(name) ?? [];
    if (kind !== undefined) return [[name, `/usr/lib/${kind}.d/hecd.conf`, 0o644]];
    return name === "notify-exec" ? [[name, `${HOME}/${name}`, 0o755]] : [];
  });
  return Promise.all(places.map(async ([name, path, mode]) => ({ ...(await textFile(`deploy/${name}`, path)), mode })));
}

async function manual(): Promise<readonly PackagedFile[]> {
  const pages = await readdir(`${PROJECT}dist/man`);
  return [
    ...(await Promise.all(
      pages.map(async (page) => {
        // The page of confd goes with the program, which may be another one's.
        const name = page === "confd.1" ? "hecd-confd.1" : page;
        const folder = `/usr/share/man/man${page.slice(-1)}`;
        return zipped(`${folder}/${name}.gz`, await readFile(`${PROJECT}dist/man/${page}`));
      }),
    )),
    await textFile("dist/completions/bash/hecd", "/usr/share/bash-completion/completions/hecd"),
    await textFile("dist/completions/zsh/_hecd", "/usr/share/zsh/vendor-completions/_hecd"),
    ...(await copied("dist/completions/fish", "/usr/share/fish/vendor_completions.d")),
  ];
}

async function documents(node: CarriedNode, release: Release): Promise<readonly PackagedFile[]> {
  const examples = [
    ...["compose.yaml", "conf.d/nginx.toml", "nginx-reload", "prometheus-alerts.yaml", "grafana-dashboard.json"],
    ...(await namesBelow("deploy/compose", "compose/")),
  ];
  return [
    await textFile("tools/package/debian/copyright", `${DOC}/copyright`),
    await textFile("tools/package/debian/lintian-overrides", "/usr/share/lintian/overrides/hecd"),
    zipped(`${DOC}/changelog.gz`, Buffer.from(debianChangelog(release))),
    zipped(`${DOC}/NEWS.md.gz`, await readFile(`${PROJECT}CHANGELOG.md`)),
    zipped(`${DOC}/NOTICES.gz`, await readFile(`${PROJECT}dist/NOTICES`)),
    zipped(`${DOC}/sbom.cdx.json.gz`, await readFile(`${PROJECT}dist/sbom.cdx.json`)),
    zipped(`${DOC}/node.LICENSE.gz`, await readFile(node.terms)),
    ...(await Promise.all(
      examples.map(async (name) => {
        const file = await textFile(`deploy/${name}`, `${DOC}/examples/${basename(name)}`);
        return name === "nginx-reload" ? { ...file, mode: 0o755 } : file;
      }),
    )),
  ];
}

/** The changelog in the form that Debian's tools read; what has changed is told in ours. */
function debianChangelog({ version, madeAt }: Release): string {
  const day = new Date(madeAt * 1_000).toUTCString().replace("GMT", "+0000");
  const what = `  * What this version brings is told in ${DOC}/NEWS.md.gz.`;
  return `hecd (${version}) stable; urgency=medium\n\n${what}\n\n -- ${MAINTAINER}  ${day}\n`;
}

/** Who answers for the package. */
const MAINTAINER = "HECD maintainers <maintainers@hecd.invalid>";

/** The names of the files below a folder, as paths from there. */
async function namesBelow(folder: string, before = ""): Promise<readonly string[]> {
  const entries = await readdir(`${PROJECT}${folder}`, { recursive: true, withFileTypes: true });
  const start = `${PROJECT}${folder}/`;
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => before + `${entry.parentPath}/${entry.name}`.slice(start.length))
    .sort();
}

async function copied(folder: string, to: string): Promise<readonly PackagedFile[]> {
  return Promise.all((await namesBelow(folder)).map((name) => textFile(`${folder}/${name}`, `${to}/${name}`)));
}

async function textFile(from: string, path: string): Promise<PackagedFile> {
  return { path, mode: 0o644, content: await readFile(`${PROJECT}${from}`) };
}

/** Without a name and a time in it, so that equal contents give equal bytes. */
function zipped(path: string, content: Buffer): PackagedFile {
  return { path, mode: 0o644, content: gzipSync(content, { level: 9 }) };
}
