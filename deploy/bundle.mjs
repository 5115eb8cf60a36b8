// Makes dist/: each program in few files, since a command such as `confd -onetime` is over before it has read hundreds.
// Of the packages those for etcd are taken in, which have most of the files; the others stay where npm has put them.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const TAKEN_IN = ["cockatiel", "etcd3"];
const parse = /** @type {(text: string) => { readonly dependencies: object }} */ (JSON.parse);
const { dependencies } = parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));

await build({
  absWorkingDir: fileURLToPath(new URL("..", import.meta.url)),
  entryPoints: ["src/main.ts", "src/confd.ts"],
  outdir: "dist",
  bundle: true,
  splitting: true,
  sourcemap: true,
  format: "esm",
  platform: "node",
  target: "node20",
  external: Object.keys(dependencies).filter((name) => !TAKEN_IN.includes(name)),
  // Both are around CommonJS, which these packages are, and not around a module, which they become.
  banner: {
    js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
  },
  inject: ["deploy/bundle-dirname.mjs"],
  logLevel: "warning",
});
