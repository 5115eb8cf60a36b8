import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Confdir } from "../support/confd.js";
import { startEtcd } from "../support/etcd.js";
import { eventually, staysFor } from "../support/eventually.js";
import { Hecd } from "../support/hecd.js";
import { tempDir } from "../support/temp-dir.js";

test("a renderer looks at its files at a SIGHUP, and neither it nor an agent ends", async () => {
  await using etcd = await startEtcd();
  await using confdir = await Confdir.make();
  await using elsewhere = await tempDir();
  await confdir.resource("one", "");
  // What no event tells of: a template out of the folder.
  const far = join(elsewhere.path, "far.tmpl");
  await writeFile(far, "before");
  const resource = (await confdir.read("conf.d/one.toml")) ?? "";
  await confdir.write("conf.d/one.toml", resource.replace("one.tmpl", `../${"../".repeat(20)}${far}`));
  const common = ["--etcd", etcd.endpoint, "--listen", "off"];
  await using renderer = new Hecd(["render", "--confdir", confdir.path, ...common]);
  await using agent = new Hecd(["agent", "--docker", "unix:///nowhere/docker.sock", ...common]);
  await eventually("the first file", async () => (await confdir.read("one")) === "before");
  await agent.said(/docker-unreachable/);
  // Whatever began it, the second look is over by then.
  await staysFor("rest", 3_000, async () => (await confdir.read("one")) === "before");
  await writeFile(far, "after");
  for (const each of [renderer, agent]) each.signal("SIGHUP");
  await eventually("the new text", async () => (await confdir.read("one")) === "after", 3_000);
  for (const each of [renderer, agent]) expect((await each.stop()).code).toBe(0);
});
