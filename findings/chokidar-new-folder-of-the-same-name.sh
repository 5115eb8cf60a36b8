#!/usr/bin/env bash
# chokidar: a watched folder that is removed and made anew is silent for ever.
#
# version:  chokidar 5.0.0 (npm)
# source:   issues 1278 and 1207 of paulmillr/chokidar; its maintainer in issue 555: watch the folder above
# expected: a folder that is made again under a watched name is followed as it was, or an error is told
# seen:     unlink and unlinkDir for the end of the old one, then nothing: no event for the new folder, nor for files that
#           are written into it; of a subfolder of a watched folder all of that is told
set -euo pipefail

dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" chokidar@5.0.0
echo "version: chokidar 5.0.0, Node $(node --version)"

cat >"$dir/see.mjs" <<'JS'
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { watch } from "chokidar";
const seenOf = async (watched, folder) => {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "a"), "1");
  const watcher = watch(watched, { ignoreInitial: true });
  await new Promise((resolve) => watcher.on("ready", resolve));
  let events = [];
  watcher.on("all", (event) => events.push(event));
  watcher.on("error", () => events.push("error"));
  await rm(folder, { recursive: true });
  await pause(1_000);
  const end = events.splice(0);
  await mkdir(folder);
  await pause(500);
  for (let n = 0; n < 5; n++) { await writeFile(join(folder, "a"), String(n)); await pause(500); }
  await watcher.close();
  return { end: end.length, anew: events.length };
};
const [dir] = process.argv.slice(2);
const itself = await seenOf(join(dir, "one"), join(dir, "one"));
const below = await seenOf(join(dir, "two"), join(dir, "two", "sub"));
console.log(`events of the watched folder: ${itself.end} at its end, ${itself.anew} of the new one;`,
  `of a subfolder: ${below.end} at its end, ${below.anew} of the new one`);
process.exit(itself.end > 0 && itself.anew === 0 && below.anew > 0 ? 0 : 1);
JS
mkdir "$dir/watched"
timeout 60 node "$dir/see.mjs" "$dir/watched"
