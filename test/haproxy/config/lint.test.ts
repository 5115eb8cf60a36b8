import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { adviceFor } from "../../../src/haproxy/config/lint.js";
import { goldenCases } from "../../support/golden.js";

const BARE = `global
defaults
  mode http
frontend web
  bind :80
backend b
  server s 1.2.3.4:5
backend c
  server s 1.2.3.4:5
`;

describe("the advice for a configuration", () => {
  test("names what it lacks, each line once, with the place for it and the reason", () => {
    expect(adviceFor(BARE).map(({ section, line }) => `${section}: ${line}`)).toEqual([
      "global: hard-stop-after 5m",
      "global: mworker-max-reloads 5",
      "frontend web: option idle-close-on-response",
      "frontend web: timeout http-keep-alive 10s",
      "backend b: option redispatch",
      "backend b: retry-on conn-failure empty-response",
      "backend b: default-server pool-purge-delay 1s",
    ]);
    for (const { reason } of adviceFor(BARE)) expect(reason).not.toBe("");
  });

  test("is silent once it has been followed", () => {
    const followed = BARE.replace("global", "global\n  hard-stop-after 5m\n  mworker-max-reloads 5").replace(
      "mode http",
      `mode http
  option idle-close-on-response
  timeout http-keep-alive 10s
  option redispatch
  retry-on conn-failure empty-response
  default-server pool-purge-delay 1s`,
    );
    expect(adviceFor(followed)).toEqual([]);
  });

  test("asks for nothing that may stand in another part of the configuration", () => {
    const frontends = BARE.replace("global\n", "");
    expect(adviceFor(frontends).map(({ section }) => section)).not.toContain("global");
    expect(adviceFor(frontends)).not.toEqual([]);
    expect(adviceFor("backend b\n  mode http\n  server s 1.2.3.4:5\n")).toEqual([]);
  });

  test("is silent on what the stock templates render", async () => {
    for (const { name, expected } of await goldenCases()) {
      expect(adviceFor(await readFile(expected, "utf8")), name).toEqual([]);
    }
  });
});
