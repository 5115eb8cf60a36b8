import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { PROJECT } from "../../tools/machine/facts.mjs";
import { must } from "../../tools/machine/program.mjs";
import { conffilesAmong, NODE_FLAG, type PackagedFile, packagedFiles } from "../../tools/package/files.js";
import { nodeFor } from "../../tools/package/node.js";
import { tempDir } from "../support/temp-dir.js";
import { foldersOf, noticesOf } from "../../tools/notices.mjs";
import { sbomOf } from "../../tools/sbom.mjs";

const NODE = { program: "/somewhere/node", terms: `${PROJECT}package.json` };
const RELEASE = { version: "1.2.3", madeAt: 1_700_000_000 };

let files: readonly PackagedFile[];

beforeAll(async () => {
  await must(process.execPath, ["tools/package/prepare.mjs"], { cwd: PROJECT });
  files = await packagedFiles(NODE, RELEASE);
}, 120_000);

function textOf(path: string): string {
  const content = files.find((file) => file.path === path)?.content;
  if (!Buffer.isBuffer(content)) throw new Error(`The package has no ${path}`);
  return (path.endsWith(".gz") ? gunzipSync(content) : content).toString();
}

describe("the package for Debian", () => {
  test("has programs that start with its own Node, and no other path of the machine it was made on", () => {
    for (const program of ["hecd", "confd"]) {
      expect(textOf(`/usr/lib/hecd/dist/${program}.js`)).toMatch(new RegExp(`^#!/usr/lib/hecd/node ${NODE_FLAG}\\n`));
    }
    expect(JSON.parse(textOf("/usr/lib/hecd/package.json"))).toMatchObject({ version: "1.2.3", type: "module" });
    for (const { path, content } of files)
      if (Buffer.isBuffer(content)) expect(content.includes(PROJECT), path).toBe(false);
  });

  test("tells its Node what the image tells its own", async () => {
    const dockerfile = await readFile(`${PROJECT}Dockerfile`, "utf8");
    expect(dockerfile).toContain(`ENTRYPOINT ["node", "${NODE_FLAG}", "/opt/hecd/dist/hecd.js"]`);
  });

  test("keeps what a user changes in /etc, and nothing else", () => {
    expect(conffilesAmong(files)).toEqual([
      "/etc/default/hecd",
      "/etc/hecd/conf.d/haproxy.toml",
      "/etc/hecd/hecd.toml",
      ...["haproxy-tcp.cfg.hbs", "haproxy.cfg.hbs", "hold.lua", "nginx.conf.hbs"].map(
        (name) => `/etc/hecd/templates/${name}`,
      ),
    ]);
  });

  test("has every unit of deploy/ where systemd looks, with all that they start or name", () => {
    const units = files.filter(({ path }) => path.endsWith(".service")).map(({ path }) => path);
    expect(units).toContain("/usr/lib/systemd/system/hecd-agent.service");
    expect(units).toContain("/usr/lib/systemd/system/hecd-render.service");
    for (const unit of units) {
      const started = /^ExecStart=(.+)$/m.exec(textOf(unit))?.[1]?.split(" ") ?? [];
      for (const path of started.filter((word) => word.startsWith("/usr/"))) {
        expect(files.find((file) => file.path === path)?.mode, `${unit}: ${path}`).toSatisfy(
          (mode) => (Number(mode) & 0o111) > 0,
        );
      }
      const user = /^User=(.+)$/m.exec(textOf(unit))?.[1] ?? "";
      expect(textOf("/usr/lib/sysusers.d/hecd.conf")).toMatch(new RegExp(`^u ${user} `, "m"));
    }
  });

  test("tells its version in the form that Debian reads", () => {
    expect(textOf("/usr/share/doc/hecd/changelog.gz")).toMatch(
      /^hecd \(1\.2\.3\) stable; urgency=medium\n\n {2}\* .+\n\n -- .+ <.+> {2}Tue, 14 Nov 2023 22:13:20 \+0000\n$/,
    );
  });

  test("is not made for a processor that there is no Node for", async () => {
    await expect(nodeFor("riscv64")).rejects.toThrow("There is no Node for riscv64: there are amd64, arm64");
  });
});

describe("what goes along with every copy", () => {
  test("names each package that is in the programs once, with its version and its terms", async () => {
    const notices = await noticesOf(PROJECT, ["src/cli.ts", "node_modules/zod/a.js", "node_modules/zod/b/c.js"]);
    expect(notices).toMatch(/^zod \d+\.\d+\.\d+ \(MIT\)\n\nMIT License\n/);
    expect(notices.match(/^zod /gm)).toHaveLength(1);
  });

  test("does not go without the terms of one", async () => {
    await using folder = await tempDir();
    await must("sh", [
      "-c",
      `mkdir -p "$1/node_modules/a" && echo '{"name":"a","version":"1.0.0"}' >"$1/node_modules/a/package.json"`,
      "sh",
      folder.path,
    ]);
    await expect(noticesOf(folder.path, ["node_modules/a/i.js"])).rejects.toThrow("does not say on which terms");
  });
});

describe("the bill of materials", () => {
  /** What a lock and an installed package say, as JSON. */
  async function bomOf(locked: object, installed: object = { version: "1.0.0", license: "MIT" }): Promise<string> {
    await using folder = await tempDir();
    await mkdir(join(folder.path, "node_modules/@a/b"), { recursive: true });
    for (const [name, content] of [
      ["package.json", { name: "own", version: "2.0.0" }],
      ["package-lock.json", { packages: { "node_modules/@a/b": locked } }],
      ["node_modules/@a/b/package.json", installed],
    ] as const)
      await writeFile(join(folder.path, name), JSON.stringify(content));
    return await sbomOf(folder.path, ["src/own.ts", "node_modules/@a/b/i.js", "node_modules/@a/b/lib/j.js"]);
  }

  const LOCKED = { version: "1.0.0", integrity: `sha512-${"A".repeat(86)}==` };

  test("names each package that is in the programs, with its version, its terms and its digest, and no time", async () => {
    const bom = await bomOf(LOCKED);
    expect(JSON.parse(bom)).toEqual({
      ...{ bomFormat: "CycloneDX", specVersion: "1.5", version: 1 },
      metadata: { component: { type: "application", name: "own", version: "2.0.0" } },
      components: [
        {
          ...{ type: "library", "bom-ref": "pkg:npm/%40a/b@1.0.0", purl: "pkg:npm/%40a/b@1.0.0", name: "@a/b" },
          ...{ version: "1.0.0", licenses: [{ license: { id: "MIT" } }] },
          hashes: [{ alg: "SHA-512", content: "0".repeat(128) }],
        },
      ],
    });
    expect(await bomOf(LOCKED)).toBe(bom);
  });

  test.each([
    ["no digest", { ...LOCKED, integrity: undefined }, undefined, "is not locked to one SHA-512"],
    ["a weak digest", { ...LOCKED, integrity: "sha1-AAAA" }, undefined, "is not locked to one SHA-512"],
    [
      "another version than the installed one",
      LOCKED,
      { version: "1.0.1" },
      "is 1.0.1, and locked to 1.0.0: run npm ci",
    ],
    ["unknown terms", LOCKED, { version: "1.0.0", license: "SEE FILE" }, "nobody has looked at that"],
  ])("is not made of a package with %s", async (_, locked, installed, problem) => {
    await expect(bomOf(locked, installed)).rejects.toThrow(problem);
  });

  test("can be made of every package that HECD asks for: each is locked, and one version of it is asked for", async () => {
    const manifest = JSON.parse(await readFile(`${PROJECT}package.json`, "utf8")) as {
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    for (const version of Object.values(manifest.devDependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    const lock = JSON.parse(await readFile(`${PROJECT}package-lock.json`, "utf8")) as {
      readonly packages: Readonly<Record<string, { readonly integrity?: string; readonly link?: boolean }>>;
    };
    const unlocked = Object.entries(lock.packages)
      .filter(([path, { integrity, link }]) => path.includes("node_modules/") && integrity === undefined && !link)
      .map(([path]) => path);
    expect(unlocked).toEqual([]);
  });

  test("is in the package, of the very packages whose terms go along", async () => {
    const [bom, notices] = await Promise.all(["sbom.cdx.json", "NOTICES"].map((name) => readFile(`${PROJECT}dist/${name}`, "utf8"))); // prettier-ignore
    const { components } = JSON.parse(bom ?? "") as { readonly components: readonly { readonly name: string; readonly version: string }[] }; // prettier-ignore
    const named = [...(notices ?? "").matchAll(/^(\S+) (\d\S*) \([^)\n]+\)\n\n/gm)].map(
      ([, name, version]) => `${name} ${version}`,
    );
    expect(components.map(({ name, version }) => `${name} ${version}`).sort()).toEqual(named.sort());
    expect(components.length).toBeGreaterThan(10);
    expect(foldersOf(["node_modules/a/node_modules/@b/c/d.js", "src/e.ts"])).toEqual([
      "node_modules/a/node_modules/@b/c",
    ]);
  });
});
