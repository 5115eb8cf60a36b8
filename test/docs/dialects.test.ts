import { describe, expect, test } from "vitest";
import { DIALECTS } from "../../src/core/labels/dialect.js";
import { EASYHAPROXY_LABELS } from "../../src/core/labels/easyhaproxy-labels.js";
import { NGINX_PROXY_LABELS, VIRTUAL_HOST_VARIABLES } from "../../src/core/labels/nginx-proxy-labels.js";
import { rows, section, textOf } from "../support/documents.js";

const PAGE = "docs/migration.md";

/** What a table of the page says is done with each word that somebody writes. */
function documented(title: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    rows(section(PAGE, title)).flatMap(([words = "", fate = ""]) => words.split(", ").map((word) => [word, fate])),
  );
}

describe("the page of migration", () => {
  test("says of each variable and label of nginx-proxy what is done with it", () => {
    const labels = Object.entries(NGINX_PROXY_LABELS).map(([name, fate]) => [
      `com.github.nginx-proxy.nginx-proxy.${name}`,
      fate,
    ]);
    expect(documented("Coming from nginx-proxy")).toEqual({ ...VIRTUAL_HOST_VARIABLES, ...Object.fromEntries(labels) });
  });

  test("says of each label of EasyHAProxy what is done with it", () => {
    expect(documented("Coming from EasyHAProxy")).toEqual(EASYHAPROXY_LABELS);
  });

  test("has the dialects in the order in which they are weighed", () => {
    const [, order = ""] = /the first of these has it: ([^;]*);/.exec(textOf(PAGE)) ?? [];
    const named = order
      .toLowerCase()
      .replaceAll("service_*", "registrator")
      .match(/registrator|traefik|nginx-proxy|easyhaproxy/g);
    expect(named).toEqual(DIALECTS);
  });
});
