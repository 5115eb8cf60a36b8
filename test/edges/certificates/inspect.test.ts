import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { certificateNotes } from "../../../src/edges/certificates/inspect.js";
import { makeCertificates, makeServerPem } from "../../support/certificates.js";
import { tempDir } from "../../support/temp-dir.js";

const DAY_MS = 24 * 60 * 60 * 1_000;

test("what is noted of certificates is which of them are broken or have ended, and nothing of a good one", async () => {
  await using directory = await tempDir();
  await makeCertificates(directory.path);
  const folder = join(directory.path, "certs");
  await mkdir(folder);
  const pem = await makeServerPem(directory.path, "a.test");
  await writeFile(join(folder, "a.pem"), pem);
  await writeFile(join(folder, "b.pem"), "nothing");
  const text = `frontend f\n  bind :443 ssl crt ${folder} crt ${directory.path}/missing.pem\n`;
  const broken = `certificate ${folder}/b.pem: there is no certificate in it`;
  expect(await certificateNotes(text, Date.now() + 60_000)).toEqual([broken]);
  const [ended, ...more] = await certificateNotes(text, Date.now() + 2 * DAY_MS);
  expect(ended).toMatch(/a\.pem: it has expired: /);
  expect(more).toEqual([broken]);
});
