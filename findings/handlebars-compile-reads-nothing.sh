#!/usr/bin/env bash
# Handlebars: compile() of a broken template succeeds; what is wrong is told when it is rendered for the first time.
#
# version:  handlebars 4.7.10 (npm)
# source:   API reference of Handlebars, compile: makes a function of a template; lib/handlebars/compiler/compiler.js
# expected: an error where the template is compiled, as precompile() has it
# seen:     compile() returns a function for a block that is never closed and for one that is closed as another;
#           the function throws; precompile() of the same text throws at once
set -euo pipefail

dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" handlebars@4.7.10
echo "version: handlebars 4.7.10, Node $(node --version)"

cat >"$dir/see.mjs" <<'JS'
import Handlebars from "handlebars";
const outcome = (act) => {
  try {
    act();
    return "no error";
  } catch {
    return "an error";
  }
};
const seen = ["{{#if ready}}open", "{{#if ready}}x{{/each}}"].map((source) => {
  let render;
  const compiled = outcome(() => (render = Handlebars.compile(source)));
  const rendered = outcome(() => render({ ready: true }));
  const precompiled = outcome(() => Handlebars.precompile(source));
  return `compile: ${compiled}, rendering: ${rendered}, precompile: ${precompiled}`;
});
seen.forEach((line) => console.log(line));
process.exit(new Set(seen).size === 1 && seen[0] === "compile: no error, rendering: an error, precompile: an error" ? 0 : 1);
JS
timeout 30 node "$dir/see.mjs"
