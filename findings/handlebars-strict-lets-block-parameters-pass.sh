#!/usr/bin/env bash
# Handlebars: with `strict` a missing field is an error, but not behind a block parameter.
#
# version:  handlebars 4.7.10 (npm)
# source:   API reference of Handlebars, compile, option strict: a missing field is an error and not an empty text; issue
#           1459 and pull request 1855 of handlebars-lang/handlebars.js brought block parameters to strict mode
# expected: an error for {{#each list as |item|}}{{item.nope}}{{/each}} as for {{#each list}}{{nope}}{{/each}}
# seen:     the first gives an empty text, the second throws; so do {{this.nope}} and {{#with item}}{{nope}}{{/with}}
set -euo pipefail

dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" handlebars@4.7.10
echo "version: handlebars 4.7.10, Node $(node --version)"

cat >"$dir/see.mjs" <<'JS'
import Handlebars from "handlebars";
const outcome = (source) => {
  try {
    return `"${Handlebars.compile(source, { strict: true })({ list: [{ there: "x" }] })}"`;
  } catch (error) {
    return error.message.includes("not defined") ? "an error" : error.message;
  }
};
const cases = [
  "{{#each list as |item|}}{{item.there}}{{/each}}",
  "{{#each list as |item|}}{{item.nope}}{{/each}}",
  "{{#each list}}{{nope}}{{/each}}",
  "{{#each list}}{{this.nope}}{{/each}}",
  "{{#each list as |item|}}{{#with item}}{{nope}}{{/with}}{{/each}}",
];
const outcomes = cases.map(outcome);
cases.forEach((source, n) => console.log(`${source}: ${outcomes[n]}`));
process.exit(outcomes.join() === '"x","",an error,an error,an error' ? 0 : 1);
JS
timeout 30 node "$dir/see.mjs"
