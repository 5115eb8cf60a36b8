import { writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { Confdir } from "../support/confd.js";
import { eventually } from "../support/eventually.js";
import { Hecd } from "../support/hecd.js";

const LINES = '{{range gets "/app/servers/*"}}{{base .Key}} {{.Value}}\n{{end}}';

async function confdirFor(): Promise<Confdir> {
  const confdir = await Confdir.make();
  await confdir.resource("servers", LINES, "", ["/app/servers"]);
  return confdir;
}

describe("hecd render with servers that nobody registers", () => {
  test("takes those of the command line, with ranges", async () => {
    await using confdir = await confdirFor();
    const store = "nodes://10.0.0.[1-2]:8080,[2001:db8::1]:80";
    const { code } = await new Hecd(["render", "--once", "--confdir", confdir.path, "--store", store]).ended();
    expect(code).toBe(0);
    expect(await confdir.read("servers")).toBe(
      "10.0.0.1-8080 10.0.0.1:8080\n10.0.0.2-8080 10.0.0.2:8080\nv6-2001-db8--1-80 [2001:db8::1]:80\n",
    );
  });

  test("follows those of a file, and keeps what it has while a line of it is none", async () => {
    await using confdir = await confdirFor();
    const list = confdir.at("list");
    await writeFile(list, "# old\n10.0.0.1:[1:2]0\n\n");
    await using renderer = new Hecd([
      ...["render", "--confdir", confdir.path, "--listen", "off", "--store", `file://${list}`],
    ]);
    const first = "10.0.0.1-10 10.0.0.1:10\n10.0.0.1-20 10.0.0.1:20\n";
    await eventually("the first state", async () => (await confdir.read("servers")) === first, 20_000);
    await writeFile(list, "10.0.0.1:10\nno address\n");
    await eventually("the fault to be told", () => renderer.log.includes("no address is not IP:PORT"), 20_000);
    expect(await confdir.read("servers")).toBe(first);
    await writeFile(list, "10.0.0.9:90\n");
    await eventually(
      "the new state",
      async () => (await confdir.read("servers")) === "10.0.0.9-90 10.0.0.9:90\n",
      20_000,
    );
  });

  test("lets no agent register there", async () => {
    const args = ["agent", "--store", "nodes://10.0.0.1:80", "--docker", "unix:///none.sock", "--listen", "off"];
    const { code, stderr } = await new Hecd([...args, "--advertise", "192.0.2.1"]).ended();
    expect([code, stderr]).toEqual([64, expect.stringContaining("Nothing can be registered in a list of servers")]);
  });
});
