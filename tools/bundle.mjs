// Makes dist/: each program in few files with all packages it needs, since a run of `confd -onetime` is short beside the
// reading of hundreds of files, and so that what is installed is these files and nothing else. Beside them the
// script of the page, for browsers.
import { rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { etcdCalls } from "./etcd-calls.mjs";
import { noticesOf } from "./notices.mjs";
import { sbomOf } from "./sbom.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * Docker's client would connect by ssh as well, with a package that compiles a library where it is installed. HECD has no
 * address of that kind.
 *
 * @type {import("esbuild").Plugin}
 */
const withoutSsh = {
  name: "without-ssh",
  setup(bundling) {
    bundling.onResolve({ filter: /^ssh2$/ }, () => ({ path: "ssh2", namespace: "without-ssh" }));
    bundling.onLoad({ filter: /./, namespace: "without-ssh" }, () => ({ contents: "exports.Client = undefined;" }));
  },
};

/**
 * What etcd3 and gRPC load etcd's calls by, which would read their description at each start. gRPC's own services, which
 * nobody asks for, go by the same.
 *
 * @type {import("esbuild").Plugin}
 */
const withCallsAsCode = {
  name: "with-calls-as-code",
  setup(bundling) {
    const [filter, namespace] = [/^@grpc\/proto-loader$/, "with-calls-as-code"];
    bundling.onResolve({ filter }, ({ path }) => ({ path, namespace }));
    bundling.onLoad({ filter, namespace }, async () => ({
      contents: await etcdCalls(`${ROOT}node_modules/etcd3/proto/rpc.proto`),
      resolveDir: ROOT,
    }));
  },
};

/** A package of CommonJS finds `require` around it, a module does not. */
const BANNER =
  'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);';

await rm(`${ROOT}dist`, { recursive: true, force: true });
/** @type {Set<string>} */
const inputs = new Set();
// Each by itself: what two programs have in common would be cut into many small files.
for (const program of ["hecd", "confd"]) {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [`src/bin/${program}.ts`],
    outdir: "dist",
    bundle: true,
    splitting: true,
    sourcemap: true,
    metafile: true,
    // Start-up is the reading of this text; names stay, for the sake of stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    format: "esm",
    platform: "node",
    target: "node20",
    plugins: [withoutSsh, withCallsAsCode],
    // By it packages of CommonJS would find descriptions of calls beside themselves, which are code here.
    define: { __dirname: '""' },
    // Its form for Node is one of CommonJS, of which a part that is loaded late has no names.
    alias: { yaml: `${ROOT}node_modules/yaml/browser/index.js` },
    banner: { js: BANNER },
    logLevel: "warning",
  });
  for (const input of Object.keys(metafile.inputs)) inputs.add(input);
}
await build({
  absWorkingDir: ROOT,
  entryPoints: ["src/browser/page.ts"],
  outdir: "dist",
  bundle: true,
  minify: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  logLevel: "warning",
});
await writeFile(`${ROOT}dist/NOTICES`, await noticesOf(ROOT, [...inputs]));
await writeFile(`${ROOT}dist/sbom.cdx.json`, await sbomOf(ROOT, [...inputs]));
