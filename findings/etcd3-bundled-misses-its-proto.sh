#!/usr/bin/env bash
# etcd3 and esbuild: the bundle is made without a warning, and fails at its import.
#
# version:  etcd3 1.1.2, esbuild 0.28.2 (npm)
# source:   lib/connection-pool.js of etcd3 (microsoft/etcd3) reads ../proto/rpc.proto beside itself when it is loaded;
#           the documentation of esbuild, "Bundling for node", names paths like this as a reason to mark packages external
# expected: a warning from the bundler, or a bundle that runs
# seen:     no warning, and ENOENT for proto/rpc.proto of a folder beside the bundle's
set -euo pipefail

dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" etcd3@1.1.2 esbuild@0.28.2
echo "version: etcd3 1.1.2, esbuild 0.28.2, Node $(node --version)"

echo 'import { Etcd3 } from "etcd3"; console.log(typeof Etcd3);' >"$dir/program.mjs"
mkdir "$dir/out"
warnings=$("$dir/node_modules/.bin/esbuild" "$dir/program.mjs" --bundle --platform=node --format=cjs \
  --outfile="$dir/out/program.cjs" --log-level=warning 2>&1)
unbundled=$(node "$dir/program.mjs")
bundled=$(node "$dir/out/program.cjs" 2>&1 || true)
echo "warnings: \"$warnings\"; not bundled: $unbundled; bundled: $(grep -o "ENOENT.*rpc.proto" <<<"$bundled" | head -1 | sed "s#$dir#DIR#")"
[ -z "$warnings" ] && [ "$unbundled" = function ] && grep -q "ENOENT.*proto/rpc.proto" <<<"$bundled"
