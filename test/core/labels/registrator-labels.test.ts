import { describe, expect, test } from "vitest";
import { decisionOf } from "../../../src/core/decision/decision.js";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import { isServiceVariable, readRegistrator } from "../../../src/core/labels/registrator-labels.js";
import type { Container } from "../../../src/core/model/container.js";
import { decide, entriesOf } from "../../../src/core/registry/registration.js";
import { container, context, published } from "../../support/containers.js";

const here = { ...context, hostId: "hostname", address: "192.168.1.102", serviceFrom: "image" } as const;

/** What registrator's documents show of a service. */
function servicesOf(changes: Partial<Container> & { readonly name?: string }): readonly unknown[] {
  const decision = decisionOf(container(changes.name, changes), here, UNPROBED);
  if (!("instances" in decision)) return [decision];
  return decision.instances.map(({ id, service, ip, port, tags = [], meta = {} }) => ({
    ID: id,
    Name: service,
    IP: ip,
    Port: port,
    Tags: tags,
    Attrs: meta,
  }));
}

const redis = { name: "redis.0", image: "progrium/redis", ports: [published(6379, 10_000)] };
const nginx = { name: "nginx.0", image: "progrium/nginx", ports: [published(80, 8_000), published(443, 4_443)] };
const db = { ID: "hostname:redis.0:6379", Name: "db", IP: "192.168.1.102", Port: 10_000, Attrs: { region: "us2" } };

describe("registrator's documented examples", () => {
  test("a single service with defaults", () => {
    expect(servicesOf(redis)).toEqual([
      { ID: "hostname:redis.0:6379", Name: "redis", IP: "192.168.1.102", Port: 10_000, Tags: [], Attrs: {} },
    ]);
  });

  test("a single service with metadata, in variables or in labels", () => {
    const said = { SERVICE_NAME: "db", SERVICE_TAGS: "master,backups" };
    const labels = { SERVICE_REGION: "us2" };
    expect(servicesOf({ ...redis, serviceVariables: said, labels })).toEqual([{ ...db, Tags: ["master", "backups"] }]);
    expect(servicesOf({ ...redis, labels: { ...said, ...labels } })).toEqual([{ ...db, Tags: ["master", "backups"] }]);
  });

  test("a comma in a tag", () => {
    const said = { SERVICE_NAME: "db", SERVICE_TAGS: "/(;\\,:-_)/" };
    const labels = { SERVICE_REGION: "us2" };
    expect(servicesOf({ ...redis, serviceVariables: said, labels })).toEqual([{ ...db, Tags: ["/(;,:-_)/"] }]);
  });

  test("several services with defaults, of which the primary port alone is registered", () => {
    expect(servicesOf(nginx)).toMatchObject([{ ID: "hostname:nginx.0:80", Name: "nginx", Port: 8_000 }]);
  });

  test("several services with metadata", () => {
    const said = {
      SERVICE_443_NAME: "https",
      SERVICE_443_ID: "https.12345",
      SERVICE_80_NAME: "http",
      SERVICE_TAGS: "www",
    };
    const labels = { SERVICE_443_SNI: "enabled" };
    const common = { IP: "192.168.1.102", Tags: ["www"] };
    expect(servicesOf({ ...nginx, serviceVariables: said, labels })).toEqual([
      { ...common, ID: "hostname:nginx.0:80", Name: "http", Port: 8_000, Attrs: {} },
      { ...common, ID: "hostname:nginx.0:443", Name: "https", Port: 4_443, Attrs: { sni: "enabled" } },
    ]);
    const decided = decide([container(nginx.name, { ...nginx, serviceVariables: said })], here, () => UNPROBED);
    expect([...entriesOf(decided, { ...here, layouts: ["simple"] }).keys()]).toEqual([
      "/app/http/nginx.0",
      "/app/https/https.12345",
    ]);
  });

  test("one name for several ports", () => {
    const said = { SERVICE_NAME: "web", SERVICE_80_REGION: "us2", SERVICE_443_REGION: "us3" };
    expect(servicesOf({ ...nginx, labels: said })).toMatchObject([{ Name: "web-80" }, { Name: "web-443" }]);
  });

  test.each<[string, Readonly<Record<string, string>>, object | undefined]>([
    [
      "HTTP",
      {
        SERVICE_80_CHECK_HTTP: "/health/endpoint/path",
        SERVICE_80_CHECK_INTERVAL: "15s",
        SERVICE_80_CHECK_TIMEOUT: "1s",
      },
      { type: "http", path: "/health/endpoint/path", intervalMs: 15_000, timeoutMs: 1_000 },
    ],
    [
      "TCP",
      { SERVICE_80_CHECK_TCP: "true", SERVICE_80_CHECK_INTERVAL: "15s", SERVICE_80_CHECK_TIMEOUT: "3s" },
      { type: "tcp", intervalMs: 15_000, timeoutMs: 3_000 },
    ],
    ["a script, which is never run", { SERVICE_80_CHECK_SCRIPT: "curl example.com" }, undefined],
  ])("a check by %s", (_, labels, expected) => {
    expect(readRegistrator(container("a", { labels })).ofPort.get(80)?.check).toEqual(expected);
  });
});

describe("of the variables of a container", () => {
  test.each([
    ...["SERVICE_NAME", "SERVICE_ID", "SERVICE_TAGS", "SERVICE_IGNORE", "SERVICE_WEIGHT", "SERVICE_name"],
    ...["SERVICE_80_NAME", "SERVICE_CHECK_HTTP", "SERVICE_443_CHECK_INTERVAL", "SERVICE_CHECK_SCRIPT"],
  ])("registrator documents %s, which is read", (name) => {
    expect(isServiceVariable(name)).toBe(true);
  });

  test.each([
    ...["SERVICE_PASSWORD", "SERVICE_80_TOKEN", "SERVICE_REGION", "SERVICE_", "SERVICE_80_", "SERVICE_CHECK_PASSWORD"],
    ...["SERVICE_NAME_SECRET", "MY_SERVICE_NAME", "service_name", "PASSWORD", "SERVICE_NAME\nX", ""],
  ])("%j may be a secret and is not", (name) => {
    expect(isServiceVariable(name)).toBe(false);
  });
});

describe("registrator's dialect", () => {
  test.each<[string, Partial<Container>, string]>([
    ["SERVICE_IGNORE=true", { labels: { SERVICE_IGNORE: "true" } }, "disabled"],
    ["SERVICE_IGNORE=1", { serviceVariables: { SERVICE_IGNORE: "1" } }, "disabled"],
    ["SERVICE_IGNORE=false, unlike there", { labels: { SERVICE_IGNORE: "false" } }, "8000"],
    ["an empty SERVICE_IGNORE", { labels: { SERVICE_IGNORE: "" } }, "8000"],
    [
      "a label above its variable",
      { labels: { SERVICE_IGNORE: "" }, serviceVariables: { SERVICE_IGNORE: "1" } },
      "8000",
    ],
    ["a port that is ignored", { labels: { SERVICE_80_IGNORE: "yes" } }, "4443"],
    ["our own label above it", { labels: { SERVICE_IGNORE: "1", "hecd.enable": "true" } }, "8000"],
    [
      "a port that is not published, beside another",
      { labels: { SERVICE_443_NAME: "a", SERVICE_81_NAME: "b" } },
      "4443",
    ],
    ["nothing but a port that is not published", { labels: { SERVICE_81_NAME: "b" } }, "8000"],
  ])("knows %s", (_, changes, expected) => {
    const decision = decisionOf(container(nginx.name, { ...nginx, ...changes }), here, UNPROBED);
    expect("instances" in decision ? decision.instances.map(({ port }) => port).join() : decision.reason).toBe(
      expected,
    );
  });

  test("weighs a server, and keeps what it does not know in meta", () => {
    const { whole } = readRegistrator(container("a", { labels: { service_Weight: "20", SERVICE_SNI: "on" } }));
    expect(whole).toMatchObject({ weight: 20, meta: { sni: "on" } });
  });

  test("leaves what does not fit aside, with a note that names it", () => {
    const labels = { SERVICE_NAME: "a b", SERVICE_WEIGHT: "999", SERVICE_X: "a\nb", SERVICE_TAGS: "good" };
    const decision = decisionOf(container("a", { labels, serviceVariables: { SERVICE_ID: "x/y" } }), context, UNPROBED);
    expect(decision).toMatchObject({ instances: [{ service: "servers", name: "a", weight: 100, tags: ["good"] }] });
    const notes = "notes" in decision ? (decision.notes ?? []) : [];
    for (const by of ["Label SERVICE_NAME", "Label SERVICE_WEIGHT", "Label SERVICE_X", "Variable SERVICE_ID"]) {
      expect(notes.filter((note) => note.startsWith(by))).toHaveLength(1);
    }
    expect(notes.join("")).not.toContain("\n");
  });

  test("is not read when it is not among the dialects", () => {
    const web = container("a", { labels: { SERVICE_IGNORE: "1", SERVICE_NAME: "db" } });
    expect(decisionOf(web, { ...context, compat: ["traefik"] }, UNPROBED)).toMatchObject({
      instances: [{ service: "servers" }],
    });
  });
});
