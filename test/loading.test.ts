import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";

const src = new URL("../src", import.meta.url).pathname;

/** The packages that are loaded with a file: its own imports and theirs, without those that `import()` loads late. */
async function packagesOf(file: string, seen = new Set<string>()): Promise<ReadonlySet<string>> {
  const packages = new Set<string>();
  if (seen.has(file)) return packages;
  seen.add(file);
  const text = await readFile(join(src, file), "utf8");
  for (const [, name = ""] of text.matchAll(
    /^(?:import|export) (?!type )[^;]*? from "([^"]+)";|^import "([^"]+)";/gm,
  )) {
    if (name.startsWith("node:")) continue;
    if (!name.startsWith(".")) packages.add(name);
    else {
      const next = join(dirname(file), name).replace(/\.js$/, ".ts");
      for (const found of await packagesOf(next, seen)) packages.add(found);
    }
  }
  return packages;
}

// A run with -onetime is as short as its start, and most of a start is loading.
describe("a program that ends at once loads no package that it does not need", () => {
  test.each([
    ["hecd, before it knows its command", "bin/hecd.ts", []],
    ["confd", "bin/confd.ts", ["smol-toml"]],
    ["keys from etcd", "edges/etcd/store.ts", ["@grpc/grpc-js", "cockatiel", "etcd3"]],
    ["keys from Redis", "edges/redis/store.ts", ["@redis/client", "zod"]],
    ["keys from ZooKeeper", "edges/zookeeper/store.ts", []],
    ["keys from Consul", "edges/consul/store.ts", ["zod"]],
    ["keys from the environment", "edges/documents/fixed-store.ts", []],
    ["a Go template", "template/go-template.ts", []],
  ])("%s", async (_, file, packages) => {
    expect([...(await packagesOf(file))].sort()).toEqual(packages);
  });

  test("nor what drives HAProxy, where commands do that", async () => {
    const files = new Set<string>();
    await packagesOf("edges/haproxy/select-driver.ts", files);
    const driven = [...files].filter((file) => /^(edges\/)?haproxy\//.test(file));
    expect(driven.sort()).toEqual(["edges/haproxy/by-commands.ts", "edges/haproxy/select-driver.ts"]);
  });
});
