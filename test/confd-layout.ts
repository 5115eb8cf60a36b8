import { describe, expect, test } from "vitest";
import { Confdir } from "./support/confd.js";
import { eventually } from "./support/eventually.js";

/** The keys that the classic's own integration tests write into every backend. */
export const CLASSIC_KEYS: readonly (readonly [string, string])[] = [
  ["/key", "foobar"],
  ["/database/host", "127.0.0.1"],
  ["/database/password", "p@sSw0rd"],
  ["/database/port", "3306"],
  ["/database/username", "confd"],
  ["/upstream/app1", "10.0.1.10:8080"],
  ["/upstream/app2", "10.0.1.11:8080"],
  ["/prefix/database/host", "127.0.0.1"],
  ["/prefix/database/password", "p@sSw0rd"],
  ["/prefix/database/port", "3306"],
  ["/prefix/database/username", "confd"],
  ["/prefix/upstream/app1", "10.0.1.10:8080"],
  ["/prefix/upstream/app2", "10.0.1.11:8080"],
];

const PLAIN = `
key {{getv "/key"}}
database {{getv "/database/host"}}:{{getv "/database/port"}} {{getv "/database/username"}} {{getv "/database/password"}}
{{range gets "/upstream/*"}}server {{base .Key}} {{.Value}}
{{end}}names{{range ls "/database"}} {{.}}{{end}}
{{if exists "/nothing"}}there{{else}}not there{{end}}
`;

const RENDERED = `
key foobar
database 127.0.0.1:3306 confd p@sSw0rd
server app1 10.0.1.10:8080
server app2 10.0.1.11:8080
names host password port username
not there
`;

/** A backend of confd that holds `CLASSIC_KEYS`. */
export interface LayoutSetup extends AsyncDisposable {
  /** What the command line needs to say of it. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly put: (key: string, value: string) => Promise<void>;
}

/** What confd makes of the classic's keys, which is the same with every backend. */
export function describeConfdLayout(name: string, open: () => Promise<LayoutSetup>): void {
  describe(`confd with the keys of the classic's own tests in ${name}`, () => {
    test("renders them as with every backend, also below a prefix", async () => {
      await using setup = await open();
      await using confdir = await layoutIn();
      const { code, stderr } = await confdir.run(["-onetime", ...setup.args], setup.env);
      expect([code, stderr]).toEqual([0, expect.stringContaining("has been updated")]);
      expect(await confdir.read("plain")).toBe(RENDERED);
      expect(await confdir.read("below")).toBe("3306 app1=10.0.1.10:8080 app2=10.0.1.11:8080 ");
    });

    test("follows them", async () => {
      await using setup = await open();
      await using confdir = await layoutIn();
      const confd = confdir.start(["-watch", ...setup.args], setup.env);
      await eventually("the first state", async () => (await confdir.read("plain")) === RENDERED);
      await setup.put("/upstream/app3", "10.0.1.12:8080");
      const wanted = RENDERED.replace("names", "server app3 10.0.1.12:8080\nnames");
      await eventually("the new server", async () => (await confdir.read("plain")) === wanted, 15_000);
      expect((await confd.stop()).code).toBe(0);
    });
  });
}

async function layoutIn(): Promise<Confdir> {
  const confdir = await Confdir.make();
  await confdir.resource("plain", PLAIN, "", ["/key", "/database", "/upstream"]);
  const below = '{{getv "/database/port"}} {{range gets "/upstream/*"}}{{base .Key}}={{.Value}} {{end}}';
  await confdir.resource("below", below, 'prefix = "/prefix"', ["/database", "/upstream"]);
  return confdir;
}
