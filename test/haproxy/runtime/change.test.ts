import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { modelOf } from "../../../src/haproxy/config/model.js";
import { capabilitiesOf } from "../../../src/haproxy/runtime/capabilities.js";
import { changeBetween } from "../../../src/haproxy/runtime/change.js";
import type { RetiringServer } from "../../../src/haproxy/runtime/changes.js";

const capabilities = capabilitiesOf("2.6.12-1+deb12u4");

function config(servers: string, backend = "", global = ""): string {
  return `global
  ${global}
defaults
  mode http
  timeout connect 1s
frontend web
  bind :80
  default_backend b
backend b
  ${backend}
${servers}`;
}

function change(running: string, wanted: string, retiringServers: readonly RetiringServer[] = [], version = "2.6.12") {
  const byId = new Map(retiringServers.map((retiring) => [`${retiring.backend}/${retiring.name}`, retiring]));
  return changeBetween(modelOf(running), modelOf(wanted), byId, capabilitiesOf(version));
}

const A = "  server a 10.0.0.1:80 check weight 5\n";
const B = "  server b 10.0.0.2:80\n";

describe("a change that needs no reload", () => {
  test.each([
    ["a comment", config(A), config(`# new\n${A}`)],
    ["blanks", config(A), config(A.replaceAll(" ", "   "))],
    ["quotes", config(A), config(A.replace("a ", '"a" '))],
    ["the order of servers", config(A + B), config(B + A)],
    ["a weight that was there unsaid", config(B), config(B.replace("\n", " weight 1\n"))],
  ])("is none when it is %s", (_, running, wanted) => {
    expect(change(running, wanted)).toEqual({ kind: "none" });
  });

  test.each<[string, string, string, readonly string[]]>([
    ["a new server", config(A), config(A + B), ["add server b/b 10.0.0.2:80 weight 1", "enable server b/b"]],
    [
      "a new server with a check, which takes the words of default-server",
      config("", "default-server check inter 5s weight 7"),
      config("  server c [2001:db8::1]:80 rise 1\n", "default-server check inter 5s weight 7"),
      ["add server b/c [2001:db8::1]:80 check inter 5s rise 1 weight 7", "enable health b/c", "enable server b/c"],
    ],
    [
      "a new server that is disabled",
      config(""),
      config(B.replace("\n", " disabled\n")),
      ["add server b/b 10.0.0.2:80 weight 1"],
    ],
    ["one that leaves", config(A + B), config(A), ["set server b/b state maint"]],
    [
      "one for another",
      config(A),
      config(B),
      ["add server b/b 10.0.0.2:80 weight 1", "enable server b/b", "set server b/a state maint"],
    ],
    ["a weight", config(A), config(A.replace("5", "6")), ["set server b/a weight 6"]],
    [
      "an address",
      config(A),
      config(A.replace("10.0.0.1:80", "10.0.0.9:81")),
      ["set server b/a addr 10.0.0.9 port 81"],
    ],
    ["a disabled server", config(B), config(B.replace("\n", " disabled\n")), ["set server b/b state maint"]],
    ["an enabled server", config(B.replace("\n", " disabled\n")), config(B), ["set server b/b state ready"]],
  ])("is commands when it is %s", (_, running, wanted, commands) => {
    expect(change(running, wanted)).toMatchObject({ kind: "runtime", commands: { lines: commands, backends: ["b"] } });
  });

  test("uses a server again that has not been deleted yet", () => {
    const left = change(config(A + B), config(B));
    if (left.kind !== "runtime") throw new Error(left.kind);
    expect(left.commands.leaving).toMatchObject([{ backend: "b", name: "a" }]);
    expect(change(config(B), config(A.replace("5", "9") + B), left.commands.leaving)).toMatchObject({
      kind: "runtime",
      commands: { lines: ["set server b/a weight 9", "set server b/a state ready"], returning: ["b/a"] },
    });
  });
});

describe("a change that needs a reload", () => {
  const tcp = (text: string): string => text.replace("mode http", "mode tcp");
  test.each([
    ["global differs", config(A), config(A, "", "maxconn 9")],
    ["defaults differs", config(A), tcp(config(A))],
    ["frontend web differs", config(A), config(A).replace("bind :80", "bind :81")],
    ["backend b differs", config(A), config(A + B, "option allbackups")],
    ["backend c is new", config(A), `${config(A)}backend c\n`],
    ["backend c is gone", `${config(A)}backend c\n`, config(A)],
    [
      "backend b: its algorithm source depends on the place of a server",
      config(A, "balance source"),
      config(A + B, "balance source"),
    ],
    ["backend b: the options of server a differ", config(A), config(A.replace("check", ""))],
    ["backend b: server b has no IP address", config(A), config(A + B.replace("10.0.0.2", "db.example"))],
    ["backend b: server b has no port of its own", config(A), config(A + B.replace(":80", ""))],
    ["backend b: server b has no IP address", config(A), config(A + B.replace(":80", ":+80"))],
    ["backend b: server b has no proper weight", config(A), config(A + B.replace("\n", " weight 1x\n"))],
    ["backend b: server b has variables in it", config(A), config(A + B.replace("\n", ' "$X"\n'))],
    [
      'backend b: HAProxy 2.6.12 takes "cookie" of server b from the file only',
      config(A),
      config(A + B.replace("\n", " cookie b\n")),
    ],
    ['backend b: "check-sni" of server b is not plain', config(A), config(A + B.replace("\n", " check-sni a;b\n"))],
    [
      "backend b: it has a server-template",
      config(A, "server-template t 2 1.2.3.4:5"),
      config(A + B, "server-template t 2 1.2.3.4:5"),
    ],
    [
      "backend b: the order of its backup servers differs",
      config(A),
      config(`${A}  server c 1.1.1.1:1 backup\n  server d 1.1.1.1:2 backup\n`),
    ],
    ["backend b differs", config(`.if 1\n${A}.endif\n`), config(`.if 1\n${A}${B}.endif\n`)],
  ])("because %s", (reason, running, wanted) => {
    expect(change(running, wanted)).toMatchObject({ kind: "reload", reason });
  });

  test("because a server comes back of which nothing is known", () => {
    expect(change(config(B), config(A + B), [{ backend: "b", name: "a", server: undefined }])).toMatchObject({
      kind: "reload",
      reason: "backend b: server a comes back, and how it was made is not known",
    });
  });

  test("because the version is too old, or no version", () => {
    for (const version of ["2.4.22", "", "none"]) {
      expect(change(config(A), config(A + B), [], version)).toMatchObject({ kind: "reload" });
    }
  });

  test("because defaults may be in another file", () => {
    const part = (servers: string): string => `backend b\n${servers}`;
    expect(change(part(A), part(A + B))).toMatchObject({
      kind: "reload",
      reason: "backend b: its defaults may be in another file",
    });
  });
});

describe("before a reload", () => {
  const first = (running: string, wanted: string): readonly string[] => {
    const found = change(running, wanted);
    return found.kind === "reload" ? found.first.lines : [];
  };

  test("servers come and go where that is possible without it", () => {
    expect(first(config(A + B), config(A, "", "maxconn 9"))).toEqual(["set server b/b state maint"]);
    expect(first(config(A), config(B, "", "maxconn 9"))).toEqual([
      "add server b/b 10.0.0.2:80 weight 1",
      "enable server b/b",
      "set server b/a state maint",
    ]);
  });

  test("only what leaves is taken out where something else of the backend takes the reload", () => {
    const c = "  server c 10.0.0.3:80 cookie c\n";
    expect(first(config(A + B), config(A + c))).toEqual(["set server b/b state maint"]);
    expect(first(config(A + B, "balance source"), config(A, "balance source"))).toEqual(["set server b/b state maint"]);
  });

  test("nothing is taken out then that may be the only one, or goes on under another name", () => {
    const c = "  server c 10.0.0.2:80 cookie c\n";
    expect(first(config(B), config(c))).toEqual([]);
    expect(first(config(A + B), config(A + c))).toEqual([]);
  });

  test("leads to where the rest of the way is known, also back", () => {
    const [before, after] = [modelOf(config(A + B)), modelOf(config(A, "", "maxconn 9"))];
    const found = changeBetween(before, after, new Map(), capabilities);
    if (found.kind !== "reload") throw new Error(found.kind);
    const retiringServers = new Map(
      found.first.leaving.map((retiring) => [`${retiring.backend}/${retiring.name}`, retiring]),
    );
    expect(changeBetween(found.first.reached, before, retiringServers, capabilities)).toMatchObject({
      kind: "runtime",
      commands: { lines: ["set server b/b state ready"], reached: { backends: before.backends } },
    });
  });
});

describe("any two configurations", () => {
  const server = fc.record({
    index: fc.nat(4),
    at: fc.nat(2),
    weight: fc.nat(256),
    more: fc.constantFrom("", " check", " disabled"),
  });
  const servers = fc
    .uniqueArray(server, { selector: ({ index }) => index })
    .map((all) =>
      all.map(({ index, at, weight, more }) => `  server s${index} 10.0.0.${at}:80 weight ${weight}${more}\n`).join(""),
    );

  test("are told apart by themselves alone: none for the same, and never a command for what is the same", () => {
    fc.assert(
      fc.property(servers, servers, (before, after) => {
        expect(change(config(before), config(before))).toEqual({ kind: "none" });
        const found = change(config(before), config(after));
        if (found.kind !== "runtime") return;
        const kept = before.split("\n").filter((line) => line !== "" && after.split("\n").includes(line));
        for (const line of kept) {
          const [, name = ""] = line.trim().split(" ");
          expect(found.commands.lines.filter((command) => command.includes(`/${name} `))).toEqual([]);
        }
      }),
    );
  });

  test("never lead to a command that holds more than one", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (name, words) => {
        const found = change(config(""), config(`  server ${name} 10.0.0.1:80 ${words}\n`));
        if (found.kind === "runtime") expect(found.commands.lines.join("")).not.toMatch(/[;\n\r<"'\\]/);
      }),
    );
  });

  test("are the same for a capable version whatever its suffix", () => {
    expect(capabilities.canAdd).toBe(true);
    expect(capabilitiesOf("3.2.26").serverWords.has("init-state")).toBe(true);
    expect(capabilitiesOf("3.0.11-1+deb13u3").serverWords.has("init-state")).toBe(false);
  });
});
