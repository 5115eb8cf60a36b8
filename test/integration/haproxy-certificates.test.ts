import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeIntermediate, makeServerPem } from "../support/certificates.js";
import { eventually, staysFor } from "../support/eventually.js";
import { HttpsWorld } from "../support/https-world.js";

const [A, B, C] = ["a.example.org", "b.example.org", "c.example.org"] as const;
const BOTH = { "a.pem": A, "b.pem": B };

describe("a certificate", () => {
  test("that is broken changes nothing, and is told once, without a word of its content", async () => {
    await using world = await HttpsWorld.start({ certificates: BOTH });
    const serial = await world.serialIn("a.pem");
    const whole = await makeServerPem(world.authority, A);
    const [cert = "", key = ""] = whole.split(/(?=-----BEGIN [A-Z ]*PRIVATE KEY)/);
    for (const text of [
      cert,
      key,
      whole.slice(0, -40),
      "",
      cert + whole.slice(cert.length).replace(/^M.*$/m, "MIGH"),
    ]) {
      const toldBefore = world.of("certificate-refused").length;
      await world.put("a.pem", text);
      await eventually("a word about it", () => world.of("certificate-refused").length > toldBefore);
      expect((await world.shake(A)).serialNumber).toBe(serial);
    }
    const refused = world.of("certificate-refused").length;
    await staysFor("silence", 6_000, () => world.of("certificate-refused").length === refused);
    expect((await world.shake(A)).serialNumber).toBe(serial);
    for (const line of whole.split("\n").filter((each) => each.length > 20 && !each.startsWith("-"))) {
      expect(JSON.stringify([world.told, world.state])).not.toContain(line);
    }
    expect(world.of("reloaded")).toEqual([]);
    expect(world.state.resources[0]?.haproxy?.certificates).toMatchObject([
      { file: join(world.folder, "a.pem"), names: [A], serial, fault: expect.any(String) as string },
      { file: join(world.folder, "b.pem"), names: [B] },
    ]);
    await world.put("a.pem", whole);
    expect(await world.served("a.pem", A)).toBeLessThan(1_000);
    // A client may have it before the renderer has read that back.
    await eventually("no fault any more", () => {
      expect(world.state.resources[0]?.haproxy?.certificates?.[0]).toMatchObject({ names: [A] });
      expect(world.state.resources[0]?.haproxy?.certificates?.[0]).not.toHaveProperty("fault");
      return true;
    });
  });

  test.each(["certs", "my own certs"])(
    "of a new name is served without a reload, and is renewed as all others, from a folder called %s",
    async (folderName) => {
      await using world = await HttpsWorld.start({ certificates: BOTH, folderName });
      const before = await world.haproxy.reloads();
      await world.renew("c.pem", C);
      expect(await world.served("c.pem", C)).toBeLessThan(1_000);
      await world.renew("c.pem", C);
      expect(await world.served("c.pem", C)).toBeLessThan(1_000);
      expect(world.of("certificate-in-use").map(({ how }) => how)).toEqual(["added", "renewed"]);
      expect(await world.haproxy.reloads()).toBe(before);
    },
  );

  test("that a link leads to is served when the link leads to another, as certbot has it", async () => {
    await using world = await HttpsWorld.start({ certificates: BOTH });
    const [live, archive] = [join(world.authority, "live"), join(world.authority, "archive")];
    for (const folder of [live, archive]) await mkdir(folder);
    const issue = async (number: number): Promise<void> => {
      await writeFile(join(archive, `${number}.pem`), await makeServerPem(world.authority, A));
      await symlink(join("..", "archive", `${number}.pem`), join(live, "new"));
      await rename(join(live, "new"), join(live, "a.pem"));
    };
    await issue(1);
    await symlink(join(live, "a.pem"), join(world.authority, "link"));
    await rename(join(world.authority, "link"), join(world.folder, "a.pem"));
    expect(await world.served("a.pem", A)).toBeLessThan(1_000);
    await issue(2);
    expect(await world.served("a.pem", A)).toBeLessThan(1_000);
    expect(world.of("reloaded")).toEqual([]);
  });

  test("that is named by itself, or in a list, is renewed as one of a folder", async () => {
    for (const crtOf of [(folder: string) => `crt ${folder}/a.pem`, (_: string, list: string) => `crt-list ${list}`]) {
      await using world = await HttpsWorld.start({ certificates: BOTH, crtOf });
      await world.renew("a.pem", A);
      expect(await world.served("a.pem", A)).toBeLessThan(1_000);
      expect(world.of("reloaded")).toEqual([]);
    }
  });

  test("that was renewed while no renderer ran is served when one does", async () => {
    await using world = await HttpsWorld.start({ certificates: BOTH });
    await world.halt();
    await world.renew("b.pem", B);
    await world.render();
    await world.served("b.pem", B);
    expect(world.of("reloaded")).toEqual([]);
  });

  test("gets those between it and its authority, and the chain is served", async () => {
    await using world = await HttpsWorld.start({ certificates: BOTH });
    const intermediate = await makeIntermediate(world.authority, "between");
    const whole = await makeServerPem(world.authority, A, "between");
    const [cert = "", key = ""] = whole.split(/(?=-----BEGIN [A-Z ]*PRIVATE KEY)/);
    await world.put("a.pem", cert + intermediate + key);
    expect(await world.served("a.pem", A)).toBeLessThan(1_000); // the client knows the authority alone
  });

  test("that takes a reload waits for one that haproxy -c accepts, which a broken one beside it prevents", async () => {
    await using world = await HttpsWorld.start({ certificates: BOTH });
    const before = await world.haproxy.reloads();
    await world.put("b.pem", "nothing");
    await world.put("a.pem.issuer", await makeIntermediate(world.authority, "between")); // is read at a start only
    await world.renew("a.pem", A);
    await eventually("word of both", () => world.of("certificate-refused").length === 2);
    const reasons = Object.fromEntries(world.of("certificate-refused").map(({ file, reason }) => [file, reason]));
    expect(reasons[join(world.folder, "a.pem")]).toMatch(/^it takes a reload, which would fail: [^]*b\.pem/);
    expect(await world.haproxy.reloads()).toBe(before);
    await world.renew("b.pem", B);
    await world.served("a.pem", A);
    expect(await world.haproxy.reloads()).toBe(before + 1);
  });

  test("that is too large for a command comes in by a reload, and by no second one", async () => {
    await using world = await HttpsWorld.start({ certificates: BOTH });
    const before = await world.haproxy.reloads();
    const chain: string[] = [];
    for (let each = 1; each <= 25; each++) {
      chain.unshift(await makeIntermediate(world.authority, `ca${each}`, each === 1 ? undefined : `ca${each - 1}`));
    }
    const whole = await makeServerPem(world.authority, A, "ca25");
    await world.put("a.pem", whole.replace(/(?=-----BEGIN [A-Z ]*PRIVATE KEY)/, chain.join("")));
    await world.served("a.pem", A);
    expect(world.of("reload-needed").map(({ reason }) => reason)).toEqual([
      `certificate ${join(world.folder, "a.pem")}: it is larger than HAProxy takes at run time`,
    ]);
    await staysFor("one reload", 6_000, async () => (await world.haproxy.reloads()) === before + 1);
    expect(world.of("certificate-refused")).toEqual([]);
  });
});
