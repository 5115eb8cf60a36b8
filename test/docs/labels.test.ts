import { describe, expect, test } from "vitest";
import { resolveSettings } from "../../src/config.js";
import { UNPROBED } from "../../src/core/decision/readiness.js";
import { readEngines } from "../../src/core/host/engines.js";
import { LAYOUTS } from "../../src/core/model/layouts.js";
import { decide, entriesOf } from "../../src/core/registry/registration.js";
import { container, context, published } from "../support/containers.js";
import { blocks, rows, section, textOf } from "../support/documents.js";
import { commandsIn, flagsIn } from "./shell.js";

describe("the page of labels", () => {
  test("has an example for every label, and each can be used", () => {
    const examples = rows(section("docs/labels.md", "Labels"));
    expect(examples.length).toBeGreaterThan(25);
    for (const [label = "", , example = ""] of examples) {
      expect(example.startsWith(`${label}=`), example).toBe(true);
      const web = container("web-1", {
        labels: { [label]: example.slice(label.length + 1) },
        ports: [published(8080, 32768)],
      });
      const namespace = label === "hecd.namespace" ? example.slice(label.length + 1) : undefined;
      const [decided] = decide([web], { ...context, namespace }, () => UNPROBED);
      const reason = decided && "reason" in decided.decision ? decided.decision.reason : "registered";
      expect(reason, example).toBe(example === "hecd.enable=false" ? "disabled" : "registered");
    }
  });
});

describe("the page of keys", () => {
  test("names the keys that a container really gets", () => {
    const all = { ...context, layouts: LAYOUTS };
    const keysOf = (labels: Readonly<Record<string, string>>): readonly string[] => [
      ...entriesOf(
        decide([container("web-1", { labels, ports: [published(8080, 32768)] })], all, () => UNPROBED),
        all,
      ).keys(),
    ];
    const filled = (key: string): string =>
      key
        .replace("<container>", "web-1")
        .replace("<service>", "shop")
        .replace("<host>:<container>:<port>", `${context.hostId}:web-1:8080`);
    const shown = rows(section("docs/keys.md", "Keys")).map(([key = ""]) => key);
    const [plain = "", service = "", record = "", registrator = ""] = shown;
    expect(keysOf({})[0]).toBe(filled(plain));
    expect(keysOf({ "hecd.service": "shop" })).toEqual([
      filled(service),
      ...[record, registrator].map((key) =>
        key.replace("<service>", "shop").replace("<host>:<container>:<port>", `${context.hostId}:web-1:8080`),
      ),
    ]);
  });

  test("names every way to deal with a key of somebody else", () => {
    const named = rows(section("docs/keys.md", "A key of somebody else")).map(([way = ""]) => way);
    const taken = named.map((way) => resolveSettings({ flags: { "on-conflict": way }, env: {} })["on-conflict"]);
    expect(taken).toEqual(["refuse", "suffix", "replace"]);
  });
});

describe("the page of Docker engines", () => {
  test("shows engines and filters as they can be given", () => {
    const lines = blocks(textOf("docs/docker-engines.md"), "sh").flatMap(commandsIn);
    const read = lines.map(([, , ...args]) => {
      const { docker, filter } = resolveSettings({ flags: flagsIn(args), env: {} });
      const names = { hostname: "node1", inContainer: false };
      const engines = readEngines(docker, { advertise: undefined, hostId: undefined, names });
      return { hosts: engines.map(({ hostId, advertise }) => [hostId, advertise]), filter };
    });
    const here = ["node1", undefined];
    expect(read.map(({ hosts }) => hosts)).toEqual([
      [here],
      [["192.168.0.5", "192.168.0.5"]],
      [["prod", "10.0.0.5"]],
      [here, ["node5", "10.0.0.5"]],
      [2, 3, 4, 5, 6, 7, 8, 9, 10].map((last) => [`192.168.0.${last}`, `192.168.0.${last}`]),
      [here],
      [here],
      [here],
    ]);
    expect(read.flatMap(({ filter }) => filter)).toEqual([
      "label=com.example.stage=prod",
      "network=web",
      "publish=8000-8010/tcp",
      "name=^shop",
    ]);
  });
});
