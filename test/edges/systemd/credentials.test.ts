import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { resolveSettings } from "../../../src/config.js";
import { passedCredentials } from "../../../src/edges/systemd/credentials.js";
import { tempDir } from "../../support/temp-dir.js";

describe("the secrets that systemd passes", () => {
  test("are settings: the password by its first line, the certificates by their files", async () => {
    await using folder = await tempDir();
    await writeFile(join(folder.path, "hecd.etcd-password"), "s3cret\nnot this\n");
    await writeFile(join(folder.path, "hecd.etcd-ca"), "PEM");
    const machine = await passedCredentials({ CREDENTIALS_DIRECTORY: folder.path });
    expect(machine).toEqual({ "etcd-password": "s3cret", "etcd-ca": join(folder.path, "hecd.etcd-ca") });
    expect(resolveSettings({ flags: {}, env: {}, machine })).toMatchObject(machine);
    expect(resolveSettings({ flags: {}, env: { HECD_ETCD_PASSWORD: "other" }, machine })["etcd-password"]).toBe(
      "other",
    );
  });

  test("are none where no unit passes any", async () => {
    expect(await passedCredentials({})).toEqual({});
  });

  test("are told of when they are there and cannot be read", async () => {
    await using folder = await tempDir();
    await mkdir(join(folder.path, "hecd.etcd-password"));
    await expect(passedCredentials({ CREDENTIALS_DIRECTORY: folder.path })).rejects.toThrow(
      /Cannot read .*hecd\.etcd-password/,
    );
  });
});
