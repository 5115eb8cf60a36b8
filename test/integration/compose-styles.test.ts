import { describe, expect, test, type TestContext } from "vitest";
import { ComposeProject, type ComposedContainer } from "../support/compose.js";
import { WEB_IMAGE } from "../support/docker.js";
import { blocks, section } from "../support/documents.js";
import { LINKS_CONTAINERS, needs } from "../support/engine-kind.js";
import { startEtcd, type TestEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { Hecd } from "../support/hecd.js";

/** The document, and the host and the project of its examples. */
const PAGE = "docs/compose.md";
const HOST = { id: "node1", address: "192.0.2.10" };
const PROJECT = "shop";
const RECORDS = "/hecd/v1/services/";
/** The key of a record in the document. */
const SHOWN = new RegExp(`^${RECORDS}(.*)/${HOST.id}:${PROJECT}-(.*):(.*)$`);

/** A project, the agent that looks at it, and where that writes what it sees. */
interface Parts {
  readonly etcd: TestEtcd;
  readonly project: ComposeProject;
  readonly agent: Hecd;
}

/** Starts an agent with these flags that sees nothing but a project of this name, then the project; both end with the test. */
async function start(
  { onTestFinished }: TestContext,
  name: string,
  file: string,
  flags: readonly string[],
): Promise<Parts> {
  const kept = <T extends AsyncDisposable>(part: T): T => {
    onTestFinished(() => part[Symbol.asyncDispose]());
    return part;
  };
  const etcd = kept(await startEtcd());
  const project = kept(await ComposeProject.of(file, `hecd-${name}-${process.pid}`, { IMAGE: WEB_IMAGE }));
  const agent = kept(
    new Hecd([
      ...["agent", "--etcd", etcd.endpoint, "--host-id", HOST.id, "--advertise", HOST.address, "--listen", "off"],
      ...["--filter", `label=com.docker.compose.project=${project.name}`, ...flags],
    ]),
  );
  await agent.said(/session-opened/);
  await project.up();
  return { etcd, project, agent };
}

/** All that the agent has written but the claim of its host, with records as what they say. */
async function written(etcd: TestEtcd): Promise<Readonly<Record<string, unknown>>> {
  const all = [...(await etcd.keys("/"))].filter(([key]) => !/^\/(hecd\/v1\/agents|test)\//.test(key));
  return Object.fromEntries(
    all.map(([key, value]) => [key, key.startsWith(RECORDS) ? (JSON.parse(value) as unknown) : value]),
  );
}

/** A part of the document: how it is started, and the keys that it says come of it. */
function documented(title: string): { readonly flags: readonly string[]; readonly keys: string } {
  const part = section(PAGE, title);
  const [, flags = ""] = /^hecd agent(.*)$/m.exec(blocks(part, "sh").join("")) ?? [];
  return { flags: flags.split(" ").filter((flag) => flag !== ""), keys: blocks(part, "keys").join("") };
}

/** What the document says must be written, with names and addresses as they are here. */
async function expectedOf(keys: string, project: ComposeProject): Promise<Readonly<Record<string, unknown>>> {
  const containers = await project.containers();
  const pairs = [...keys.matchAll(/^(\/\S+) +(.*(?:\n +.*)*)$/gm)].map(
    ([, key = "", value = ""]) => [key, value] as const,
  );
  const expected: Record<string, unknown> = {};
  for (const [key, value] of pairs.filter(([one]) => one.startsWith(RECORDS))) {
    const { addr, ...said } = JSON.parse(value) as { readonly addr: string };
    const [, service = "", place = "", port = ""] = SHOWN.exec(key) ?? [];
    const container = containers.find((one) => one.place === place);
    if (!container) throw new Error(`${PAGE} has ${place}, the file has not`);
    const here = container.addressOf(Number(port), HOST.address, "proxy");
    const named = (text: string): string => text.replace(`${PROJECT}-${place}`, container.name);
    const beside = pairs.filter(([one, its]) => one !== key && its === addr).map(([one]) => named(one));
    for (const one of beside) expected[one] = here;
    const name = beside.find((one) => one.startsWith("/app/"))?.replace(/^.*\//, "");
    expected[named(key)] = { ...usual(container, here, Number(port)), name, service, ...said };
  }
  if (Object.keys(expected).length !== pairs.length) throw new Error(`${PAGE} has keys without a record of their own`);
  return expected;
}

/** What a record says where no label says otherwise, and the document does not repeat. */
function usual(container: ComposedContainer, addr: string, targetPort: number): object {
  const { id, image, startedAt, project, service: composeService } = container;
  const [ip, port] = addr.split(":");
  return {
    ...{ v: 1, id: `${HOST.id}:${container.name}:${targetPort}`, host: HOST.id },
    ...{ addr, ip, port: Number(port), family: 4, proto: "tcp", targetPort },
    ...{ state: "up", health: "none", weight: 100, backup: false },
    container: { id, image, startedAt, project, composeService },
  };
}

describe.concurrent.each([
  ["hecd", "A Compose file", "disabled"],
  ["registrator", "A Compose file for registrator", "disabled"],
  ["traefik", "A Compose file for traefik", "disabled"],
  ["nginx-proxy", "A Compose file for nginx-proxy", "not-enabled"],
  ["easyhaproxy", "A Compose file for EasyHAProxy", "not-enabled"],
])("containers that are described to %s in a Compose file", (style, title, reason) => {
  test("have the keys that the document shows, and none when they are gone", async (context) => {
    const { flags, keys } = documented(title);
    const { etcd, project, agent } = await start(context, style, `compose/${style}.yml`, flags);
    const expected = await expectedOf(keys, project);
    await agent.said(new RegExp(`"skipped","container":"[^"]*db[^"]*","reason":"${reason}"`));
    await eventually("the documented keys", async () => {
      expect(await written(etcd)).toEqual(expected);
      return true;
    });
    await project.down();
    await eventually("no key to be left", async () => {
      expect(await written(etcd)).toEqual({});
      return true;
    });
  });
});

test.concurrent(
  "a container that docker compose run has started beside them gets no work, and that is told",
  async (context) => {
    needs(context, LINKS_CONTAINERS);
    const { flags, keys } = documented("A Compose file");
    const { etcd, project, agent } = await start(context, "one-off", "compose/hecd.yml", flags);
    const expected = await expectedOf(keys, project);
    await eventually("the documented keys", async () => {
      expect(await written(etcd)).toEqual(expected);
      return true;
    });
    await project.runOnce("web");
    await agent.said(/"skipped","container":"[^"]*web.run[^"]*","reason":"one-off"/);
    expect(await written(etcd)).toEqual(expected);
  },
);
