import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WEB_IMAGE } from "../support/docker.js";
import { eventually } from "../support/eventually.js";
import { hecd } from "../support/hecd.js";
import { type Answer, askAt } from "../support/label-world.js";
import { Line } from "../support/line.js";

/** A container with what it says to another tool than us, by variables and labels. */
interface Described {
  readonly variables?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Whether it says what it was asked, and not its name. */
  readonly isApp?: true;
}

const APP = fileURLToPath(new URL("../support/labelled-app.mjs", import.meta.url));

/** Other runs have other containers. */
const NAMESPACE = `dialects-${process.pid}`;

const CONTAINERS: Readonly<Record<string, Described>> = {
  "shop-1": { variables: { VIRTUAL_HOST: "shop.example" } },
  "shop-2": { variables: { VIRTUAL_HOST: "shop.example" } },
  cart: {
    variables: { VIRTUAL_HOST: "shop.example", VIRTUAL_PATH: "/cart/", VIRTUAL_DEST: "/", VIRTUAL_PORT: "8080" },
    isApp: true,
  },
  wild: { variables: { VIRTUAL_HOST: "*.wild.example,wild.example" } },
  inside: { variables: { VIRTUAL_HOST: "inside.example", NETWORK_ACCESS: "internal" } },
  regexp: { variables: { VIRTUAL_HOST: "~^regexp\\..*$" } },
  silent: {},
  easy: {
    labels: { "easyhaproxy.http.host": "easy.example,www.easy.example", "easyhaproxy.http.localport": "8080" },
  },
  closed: {
    labels: {
      ...{ "easyhaproxy.http.host": "closed.example", "easyhaproxy.http.localport": "8080" },
      ...{ "easyhaproxy.http.plugins": "ip_whitelist,cloudflare" },
      "easyhaproxy.http.plugin.ip_whitelist.allowed_ips": "10.99.0.0/16",
    },
  },
  ours: {
    variables: { VIRTUAL_HOST: "theirs.example" },
    labels: { "easyhaproxy.http.host": "easy.example", "hecd.http.host": "ours.example", "hecd.port": "8080" },
  },
};

let line: Line;
const parts: AsyncDisposable[] = [];

const nameOf = (name: string): string => `dialects-${name}`;
const ask = (host: string, path = "/"): Promise<Answer> => askAt(line.port, path, { host });

beforeAll(async () => {
  line = await Line.start();
  parts.push(line);
  line.agent("--namespace", NAMESPACE, "--compat", "nginx-proxy,easyhaproxy", "--explicit");
  line.renderer();
  for (const [name, { variables = {}, labels = {}, isApp }] of Object.entries(CONTAINERS)) {
    const said = [
      ...Object.entries(variables).flatMap(([variable, text]) => ["--env", `${variable}=${text}`]),
      ...Object.entries(labels).flatMap(([label, text]) => ["--label", `${label}=${text}`]),
      ...["--label", `hecd.namespace=${NAMESPACE}`, "--label", "hecd.test"],
    ];
    const app = ["--volume", `${APP}:/app.mjs:ro`, "--expose", "8080", "hecd-test/node", "node", "/app.mjs"];
    line.docker.minds(nameOf(name));
    await line.docker.run(
      ...["run", "--detach", "--publish-all", "--name", nameOf(name), "--hostname", name],
      ...said,
      ...(isApp ? app : [WEB_IMAGE]),
    );
  }
  await eventually("all that serve", async () => {
    for (const host of ["wild", "inside", "easy", "ours"]) expect((await ask(`${host}.example`)).status).toBe(200);
    expect((await ask("closed.example")).status).toBe(403);
    expect((await ask("shop.example", "/cart")).status).toBe(200);
    expect(await line.serversOf("shop.example")).toHaveLength(2);
    return true;
  });
}, 120_000);

afterAll(async () => {
  for (const part of parts.reverse()) await part[Symbol.asyncDispose]();
});

describe("a client of HAProxy is answered", () => {
  test("by the containers whose VIRTUAL_HOST it asks for, in turn", async () => {
    const bodies = [await ask("shop.example"), await ask("shop.example")].map(({ body }) => body);
    expect(bodies.toSorted()).toEqual(["shop-1\n", "shop-2\n"]);
    expect((await ask("any.wild.example")).body).toBe("wild\n");
    expect((await ask("wild.example")).body).toBe("wild\n");
    expect((await ask("inside.example")).body).toBe("inside\n");
  });

  test("by the container of a VIRTUAL_PATH, which does not see it", async () => {
    const { url } = JSON.parse((await ask("shop.example", "/cart/new")).body) as { readonly url: string };
    expect(url).toBe("/new");
    expect((await ask("shop.example", "/cartoon")).status).toBe(404); // of the shop, where there is no such page
  });

  test("by the containers of EasyHAProxy's hosts, if its address may come in", async () => {
    expect((await ask("www.easy.example")).body).toBe("easy\n");
    expect((await ask("closed.example")).status).toBe(403);
  });

  test("by what a label of ours names, where that says otherwise", async () => {
    expect((await ask("ours.example")).body).toBe("ours\n");
    expect((await ask("theirs.example")).status).toBe(404);
  });

  test("by nobody where no route can be read, nor for hosts that nobody asks for", async () => {
    for (const host of ["regexp.example", "nobody.example", "silent.example"]) {
      expect((await ask(host)).status, host).toBe(404);
    }
    expect(await line.reason(nameOf("silent"))).toBe("not-enabled");
  });
});

test("what is not taken is told of each container", async () => {
  const explained = async (name: string): Promise<string> =>
    (await hecd(["explain", nameOf(name), ...line.statusFlags.slice(0, 2)])).stdout;
  expect(await explained("regexp")).toMatch(/note +Variable VIRTUAL_HOST must be host names .*, not "~\^regexp/);
  expect(await explained("closed")).toMatch(
    /note +Label easyhaproxy\.http\.plugins has no meaning here but for ip_whitelist/,
  );
});
