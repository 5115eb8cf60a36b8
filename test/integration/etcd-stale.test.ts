import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { Hecd } from "../support/hecd.js";
import { tempDir } from "../support/temp-dir.js";

test("a renderer whose etcd is frozen is not ready after --stale-after, and ready when it answers again", async () => {
  await using etcd = await startEtcd();
  await using dir = await tempDir();
  for (const folder of ["conf.d", "templates"]) await mkdir(join(dir.path, folder));
  await writeFile(
    join(dir.path, "conf.d/one.toml"),
    `[template]\nsrc = "one.hbs"\ndest = "${join(dir.path, "one.txt")}"\nkeys = ["/app"]\n`,
  );
  await writeFile(join(dir.path, "templates/one.hbs"), "one\n");
  const listen = `127.0.0.1:${await freePort()}`;
  await using _renderer = new Hecd([
    ...["render", "--etcd", etcd.endpoint, "--confdir", dir.path, "--listen", listen, "--stale-after", "10s"],
  ]);
  const readiness = async () => {
    const answer = await fetch(`http://${listen}/readyz`);
    return [answer.status, await answer.text()] as const;
  };
  await eventually("the renderer to be ready", async () => (await readiness())[0] === 200, 60_000);
  etcd.freeze();
  const frozenAt = performance.now();
  const unready = await eventually(
    "the renderer to be unready",
    async () => {
      const said = await readiness();
      return said[0] === 503 ? said : undefined;
    },
    30_000,
  );
  process.stdout.write(`    frozen: not ready after ${Math.round(performance.now() - frozenAt)} ms\n`);
  expect(unready[1]).toMatch(/^waiting for the store: what one\.toml is made of is 1\d s old\n$/);
  etcd.thaw();
  await eventually("the renderer to be ready again", async () => (await readiness())[0] === 200, 30_000);
});
