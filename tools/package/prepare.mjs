// Makes dist/ of what is checked out: npm runs this after `npm ci`, and before the package is linked or packed, whether
// from a folder or from git. Types are not its affair: `npm run build` looks at them first.
import { existsSync } from "node:fs";
import { hideCarriedNode } from "../machine/carried-node.mjs";
import { PROJECT } from "../machine/facts.mjs";
import { main, must } from "../machine/program.mjs";

await main(async () => {
  // `npm i -g FOLDER` links a folder as it is. What it was called with is not for the project's own packages.
  if (!existsSync(`${PROJECT}node_modules/esbuild`)) {
    const own = ["--ignore-scripts", "--include=dev", "--no-global", "--location=project"];
    await must("npm", ["ci", ...own], { cwd: PROJECT });
  }
  hideCarriedNode();
  await must(process.execPath, ["tools/bundle.mjs"], { cwd: PROJECT });
  await must(process.execPath, ["--import", "tsx", "tools/manual/write.ts"], { cwd: PROJECT });
  return 0;
});
