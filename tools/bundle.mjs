// Makes dist/: each program in few files, since a run of `confd -onetime` is short beside the reading of hundreds.
// Of the packages those that it loads are taken in; the others stay where npm has put them. Beside them the script of the
// page, for browsers.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const TAKEN_IN = ["@grpc/grpc-js", "cockatiel", "etcd3", "smol-toml"];
const parse = /** @type {(text: string) => { readonly dependencies: object }} */ (JSON.parse);
const { dependencies } = parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));

// Each by itself: what two programs have in common would be cut into many small files.
for (const program of ["hecd", "confd"]) {
  await build({
    absWorkingDir: fileURLToPath(new URL("..", import.meta.url)),
    entryPoints: [`src/bin/${program}.ts`],
    outdir: "dist",
    bundle: true,
    splitting: true,
    sourcemap: true,
    // Start-up is the reading of this text; names stay, for the sake of stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    format: "esm",
    platform: "node",
    target: "node20",
    external: Object.keys(dependencies).filter((name) => !TAKEN_IN.includes(name)),
    // A package of CommonJS finds this and a __dirname around it, a module does not.
    banner: {
      js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
    },
    inject: ["tools/bundle-dirname.mjs"],
    logLevel: "warning",
  });
}

await build({
  absWorkingDir: fileURLToPath(new URL("..", import.meta.url)),
  entryPoints: ["src/browser/page.ts"],
  outdir: "dist",
  bundle: true,
  minify: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  logLevel: "warning",
});
