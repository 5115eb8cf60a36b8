import { readFile } from "node:fs/promises";
import { satisfies, validRange } from "semver";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../support/documents.js";

/** What `advisories.json` holds. */
const advisoryList = z.object({
  advisories: z.array(z.object({ id: z.string(), package: z.string(), affected: z.string() })).min(1),
});

/** What `package-lock.json` says of what is installed, by its folder. */
const lockFile = z.object({ packages: z.record(z.string(), z.object({ version: z.string().optional() })) });

const { advisories } = advisoryList.parse(
  JSON.parse(await readFile(new URL("advisories.json", import.meta.url), "utf8")),
);

/** The advisories that name a version of a package. */
function idsOf(name: string, version: string): readonly string[] {
  const isNamed = ({ package: of, affected }: (typeof advisories)[number]): boolean =>
    of === name && satisfies(version, affected, { includePrerelease: true });
  return advisories.filter(isNamed).map(({ id }) => id);
}

describe("the list of known weaknesses", () => {
  test("names no version of a package that HECD is made with or tested by", async () => {
    const { packages } = lockFile.parse(JSON.parse(await readFile(new URL("package-lock.json", ROOT), "utf8")));
    const installed = Object.entries(packages).flatMap(([folder, { version }]) => {
      const name = folder.split("node_modules/").at(-1);
      return folder.includes("node_modules/") && name && version ? [{ name, version }] : [];
    });
    expect(installed).toContainEqual(expect.objectContaining({ name: "handlebars" }));
    const weak = installed.flatMap(({ name, version }) =>
      idsOf(name, version).map((id) => `${name} ${version}: ${id}`),
    );
    expect(weak).toEqual([]);
  });

  test.each([
    ["handlebars", "4.7.8", "GHSA-2w6w-674q-4c4q"],
    ["yaml", "2.8.2", "GHSA-48c2-rrv3-qjmp"],
    ["yaml", "1.10.2", "GHSA-48c2-rrv3-qjmp"],
    ["@grpc/grpc-js", "1.14.3", "GHSA-5375-pq7m-f5r2"],
  ])("knows %s %s", (name, version, id) => {
    expect(idsOf(name, version)).toContain(id);
  });

  test("says of each weakness which versions have it", () => {
    for (const { id, affected } of advisories) expect([id, validRange(affected)]).not.toEqual([id, null]);
  });
});
