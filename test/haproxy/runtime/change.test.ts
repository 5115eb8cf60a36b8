import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { modelOf } from "../../../src/haproxy/config/model.js";
import { capabilitiesOf } from "../../../src/haproxy/runtime/capabilities.js";
import { changeBetween } from "../../../src/haproxy/runtime/change.js";
import type { RetiringServer } from "../../../src/haproxy/runtime/server-steps.js";

const capabilities = capabilitiesOf("3.0.11-1+deb13u3");

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

function change(running: string, wanted: string, retiringServers: readonly RetiringServer[] = [], version = "3.0.11") {
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
      [
        "add server b/c [2001:db8::1]:80 check inter 5s rise 1 downinter 1s weight 7",
        "enable health b/c",
        "enable server b/c",
      ],
    ],
    [
      "a new server that is disabled, which is not checked until it is enabled",
      config(""),
      config(A.replace("\n", " disabled\n")),
      ["add server b/a 10.0.0.1:80 check downinter 1s weight 5"],
    ],
    [
      "a new server that is disabled and has no checks",
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
      "work that goes from some servers to others, which have it before those have none",
      config(A + B.replace("\n", " weight 0\n")),
      config(A.replace("5", "0") + B),
      ["set server b/b weight 1", "set server b/a weight 0"],
    ],
    [
      "a server that gets no more work and moves",
      config(A + B),
      config(A.replace("5", "0").replace("10.0.0.1", "10.0.0.9") + B),
      ["set server b/a addr 10.0.0.9 port 80", "set server b/a health up", "set server b/a weight 0"],
    ],
    [
      "an address",
      config(A),
      config(A.replace("10.0.0.1:80", "10.0.0.9:81")),
      ["set server b/a addr 10.0.0.9 port 81", "set server b/a health up"],
    ],
    [
      "an address of a server without checks",
      config(B),
      config(B.replace("10.0.0.2", "2001:db8::2")),
      ["set server b/b addr 2001:db8::2 port 80"],
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
      commands: {
        lines: ["set server b/a weight 9", "enable health b/a", "set server b/a state ready"],
        returning: ["b/a"],
      },
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
      'backend b: HAProxy 3.0.11 takes "crt" of server b from the file only',
      config(A),
      config(A + B.replace("\n", " crt b\n")),
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
      expect(change(config(A), config(A + B), [], version)).toMatchObject({
        kind: "reload",
        reason: `HAProxy ${version} does not change servers at run time`,
      });
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
    const c = "  server c 10.0.0.3:80 crt c\n";
    expect(first(config(A + B), config(A + c))).toEqual(["set server b/b state maint"]);
    expect(first(config(A + B, "balance source"), config(A, "balance source"))).toEqual(["set server b/b state maint"]);
  });

  test("nothing is taken out then that may be the only one, or goes on under another name", () => {
    const c = "  server c 10.0.0.2:80 crt c\n";
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

describe("a new server is what its line in the file is", () => {
  const added = (words: string, version = "3.0.11"): string | undefined => {
    const found = change(config(""), config(`  server n 10.0.0.3:80 ${words}\n`), [], version);
    return found.kind === "runtime" ? found.commands.lines[0]?.replace("add server b/n 10.0.0.3:80 ", "") : undefined;
  };

  test.each([
    ["ssl verify none check", "ssl verify none check check-ssl downinter 1s weight 1"],
    ["send-proxy check", "send-proxy check check-send-proxy downinter 1s weight 1"],
    ["ssl send-proxy-v2-ssl check", "ssl send-proxy-v2-ssl check check-ssl check-send-proxy downinter 1s weight 1"],
    ["ssl check check-ssl", "ssl check check-ssl downinter 1s weight 1"],
    // Checks that go elsewhere are in the clear from a file too, and without checks there are none.
    ["ssl check port 81", "ssl check port 81 downinter 1s weight 1"],
    ["send-proxy check addr 10.0.0.9", "send-proxy check addr 10.0.0.9 downinter 1s weight 1"],
    ["ssl send-proxy", "ssl send-proxy weight 1"],
    ["cookie n", "cookie n weight 1"],
    // The first check comes when a server that is down is checked: within a second.
    ["check inter 1s", "check inter 1s weight 1"],
    ["check inter 1001", "check inter 1001 downinter 1s weight 1"],
    ["check inter x", "check inter x downinter 1s weight 1"],
    ["check downinter 9s", "check downinter 9s weight 1"],
  ])("with %s", (words, command) => {
    expect(added(words)).toBe(command);
  });

  test.each([
    ["", "pool-max-conn -1 pool-purge-delay 5s weight 1"],
    ["pool-max-conn 3", "pool-max-conn 3 pool-purge-delay 5s weight 1"],
    ["maxconn 7", "maxconn 7 pool-max-conn -1 pool-purge-delay 5s minconn 7 weight 1"],
    ["minconn 7 maxconn 3", "minconn 7 maxconn 7 pool-max-conn -1 pool-purge-delay 5s weight 1"],
    ["minconn 2 maxconn 3", "minconn 2 maxconn 3 pool-max-conn -1 pool-purge-delay 5s weight 1"],
    [
      "check observe layer7 error-limit 3",
      "check observe layer7 error-limit 3 downinter 1s pool-max-conn -1 pool-purge-delay 5s on-error fail-check weight 1",
    ],
    ["cookie n", undefined],
    ["proto h2", undefined],
  ])("with %s before 3.0, which is told what is unsaid", (words, command) => {
    expect(added(words, "2.6.12")).toBe(command);
  });

  test("with words of its own and inherited ones, each once", () => {
    const inherited = "default-server inter 5s check inter 9s rise 1";
    const found = change(config("", inherited), config("  server n 10.0.0.3:80 check inter 1s\n", inherited));
    expect(found).toMatchObject({
      commands: { lines: [expect.stringMatching(/ inter 1s check rise 1 weight 1$/), {}, {}] },
    });
  });

  test("or comes by a reload where its words are too many for a command", () => {
    const many = [
      ...["addr 10.0.0.9", "alpn h2", "check-alpn h2", "check-proto h2", "check-sni a", "ciphers a", "ciphersuites a"],
      ...[
        "downinter 1s",
        "error-limit 1",
        "fall 1",
        "fastinter 1s",
        "inter 1s",
        "maxconn 1",
        "maxqueue 1",
        "minconn 1",
      ],
      ...["observe layer4", "on-error fail-check", "pool-low-conn 1", "pool-max-conn 1", "rise 1", "sni str(a)"],
    ].join(" ");
    expect(change(config(""), config(`  server n 10.0.0.3:80 ${many}\n`))).toMatchObject({
      kind: "reload",
      reason: "backend b: server n has more words than fit into a command",
    });
    expect(change(config(""), config(`  server n 10.0.0.3:80 ciphers ${"A".repeat(4_000)}\n`))).toMatchObject({
      kind: "reload",
    });
  });

  test.each(["init-state down", "init-state fully-down"])(
    "but with %s, since its first check would be late",
    (words) => {
      expect(change(config(""), config(`  server n 10.0.0.3:80 check ${words}\n`), [], "3.2.26")).toMatchObject({
        kind: "reload",
        reason: "backend b: server n waits for its first check, which would be late",
      });
      expect(added("check init-state fully-up", "3.2.26")).toBe("check init-state fully-up downinter 1s weight 1");
    },
  );
});

describe("a server that moves", () => {
  const moved = A.replace("10.0.0.1", "10.0.0.9");

  test("must have no connection in use before 3.0, where those lead to the old address from then on", () => {
    expect(change(config(A), config(moved), [], "2.6.12")).toMatchObject({
      commands: { clinging: ["b/a"], questions: ["show servers conn b"] },
    });
    const tcp = (servers: string): string => config(servers).replace("mode http", "mode tcp");
    const never = (servers: string): string => config(servers, "http-reuse never");
    for (const way of [tcp, never]) {
      const commands = { clinging: [], questions: [] };
      expect(change(way(A), way(moved), [], "2.6.12")).toMatchObject({ kind: "runtime", commands });
    }
    expect(change(config(A), config(moved), [], "3.0.11")).toMatchObject({ commands: { clinging: [], questions: [] } });
  });

  test("and comes back need not be asked before 3.0 once it was seen without a connection", () => {
    const left = change(config(A + B), config(B), [], "2.6.12");
    if (left.kind !== "runtime") throw new Error(left.kind);
    const back = (isIdle: boolean) =>
      change(
        config(B),
        config(moved + B),
        left.commands.leaving.map((each) => ({ ...each, isIdle })),
        "2.6.12",
      );
    expect(back(false)).toMatchObject({ commands: { clinging: ["b/a"] } });
    expect(back(true)).toMatchObject({
      commands: {
        clinging: [],
        questions: [],
        lines: ["set server b/a addr 10.0.0.9 port 80", "enable health b/a", "set server b/a state ready"],
      },
    });
  });

  test("takes a reload where another one does as it does", () => {
    const tracking = "  server t 10.0.0.4:80 track b/a\n";
    expect(change(config(A + tracking), config(moved + tracking))).toMatchObject({
      kind: "reload",
      reason: "backend b: other servers track server a, which moves",
    });
  });
});

describe("a server that goes leaves in peace", () => {
  const ends = "  server e 10.0.0.5:80 check on-marked-down shutdown-sessions\n";

  test("by draining where maintenance would end its requests, and comes back", () => {
    const left = change(config(A + ends), config(A));
    if (left.kind !== "runtime") throw new Error(left.kind);
    expect(left.commands.lines).toEqual(["set server b/e state drain"]);
    expect(change(config(A), config(A + ends), left.commands.leaving)).toMatchObject({
      commands: { lines: ["set server b/e state ready"] },
    });
    const moved = ends.replace("10.0.0.5", "10.0.0.6");
    expect(change(config(A), config(A + moved), left.commands.leaving)).toMatchObject({
      commands: {
        lines: ["set server b/e addr 10.0.0.6 port 80", "set server b/e state ready", "set server b/e health up"],
      },
    });
    const disabled = ends.replace("\n", " disabled\n");
    expect(change(config(A + ends), config(A + disabled))).toMatchObject({
      commands: { lines: ["set server b/e state drain"] },
    });
  });

  test.each(["cookie SRV insert", "stick on src", "use-server e if { path /e }", "persist rdp-cookie"])(
    "by a reload alone where draining would keep clients on it, as with %s",
    (line) => {
      for (const wanted of [A, A + ends.replace("\n", " disabled\n")]) {
        expect(change(config(A + ends, line), config(wanted, line))).toMatchObject({
          kind: "reload",
          reason: "backend b: no command takes server e out in peace",
          first: { lines: [] },
        });
      }
    },
  );

  test("with its agent silenced, which could bring it back", () => {
    const agent = "  server g 10.0.0.7:80 agent-check agent-port 9\n";
    expect(change(config(A + agent), config(A))).toMatchObject({
      commands: { lines: ["disable agent b/g", "set server b/g state maint"] },
    });
  });

  test("by a reload alone where others track it, which maintenance would take along", () => {
    const tracking = "backend c\n  server t 10.0.0.4:80 track b/a\n  server u 10.0.0.5:80\n";
    const found = change(config(A + B) + tracking, config(B) + tracking.replace(/ {2}server t.*\n/, ""));
    expect(found).toMatchObject({ kind: "reload", first: { lines: ["set server c/t state maint"] } });
  });

  test("and so does one that a reload is to take away", () => {
    const lines = (servers: string): string => config(servers, "balance source");
    const first = (server: string): readonly string[] => {
      const found = change(lines(A + server), lines(A));
      return found.kind === "reload" ? found.first.lines : [];
    };
    expect(first(ends)).toEqual(["set server b/e state drain"]);
    expect(first("  server g 10.0.0.7:80 agent-check\n")).toEqual(["disable agent b/g", "set server b/g state maint"]);
  });
});

test("a server whose coming would end the requests on backup servers takes a reload", () => {
  const primary = "  server p 10.0.0.6:80 check on-marked-up shutdown-backup-sessions\n";
  const reason = "backend b: server p would end the requests on backup servers";
  const backup = "  server k 10.0.0.8:80 backup\n";
  expect(change(config(backup), config(backup + primary))).toMatchObject({ kind: "reload", reason });
  expect(change(config(backup + primary), config(backup + primary.replace("0.6", "0.7")))).toMatchObject({ reason });
  expect(change(config(backup + primary), config(backup))).toMatchObject({ kind: "runtime" });
  expect(change(config(B), config(B + primary))).toMatchObject({ kind: "runtime" });
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
    expect(capabilities).toEqual({ ...capabilitiesOf("3.0.11"), version: capabilities.version });
    expect(capabilitiesOf("3.2.26").serverWords.has("init-state")).toBe(true);
    expect(capabilitiesOf("3.0.11-1+deb13u3").serverWords.has("init-state")).toBe(false);
  });
});

describe("a change that takes more than one turn", () => {
  const many = (count: number, host = "10.0.0"): string =>
    Array.from({ length: count }, (_, at) => ` server s${at} ${host}.1:${1_000 + at}\n`).join("");
  const config = (small: string, large: string): string =>
    `defaults\n balance roundrobin\nbackend large\n${large}backend small\n${small}`;

  test("gives way to small backends, goes on in parts, and ends where it was to lead", () => {
    const wanted = modelOf(config(many(3, "10.0.9"), many(1_500)));
    let running = modelOf(config(many(3), many(300)));
    const pace = { commandMs: 0.001, pairMs: 1 };
    for (let turn = 1; turn < 100; turn++) {
      const change = changeBetween(running, wanted, new Map(), { ...capabilitiesOf("3.2"), pace });
      if (change.kind !== "runtime") throw new Error(change.kind);
      const { commands } = change;
      if (turn === 1) expect(commands.lines[0]).toContain("small/");
      else expect(commands.backends).toEqual(["large"]);
      const servers = running.backends.get("large")?.servers.size ?? 0;
      expect(commands.lines.length).toBeLessThanOrEqual(250 / (0.001 * servers) + 10);
      running = commands.reached;
      if (!commands.isWhole) continue;
      expect(turn).toBeGreaterThan(5);
      expect(changeBetween(running, wanted, new Map(), capabilitiesOf("3.2"))).toEqual({ kind: "none" });
      return;
    }
    throw new Error("It never ends");
  });

  const site = (backends: number, servers: number): string =>
    `defaults\n balance roundrobin\n${Array.from({ length: backends }, (_, at) => `backend b${at}\n${many(servers, `10.0.${at}`)}`).join("")}`;

  test("has no more commands than a turn has time for in all backends together", () => {
    const wanted = modelOf(site(20, 200));
    let running = modelOf(site(20, 1));
    for (let turn = 1; turn < 100; turn++) {
      const pace = { commandMs: 0.000_1, pairMs: 1 };
      const change = changeBetween(running, wanted, new Map(), { ...capabilitiesOf("3.2"), pace });
      if (change.kind !== "runtime") throw new Error(change.kind);
      expect(change.commands.lines.length).toBeLessThanOrEqual(1_002);
      running = change.commands.reached;
      if (change.commands.isWhole) {
        expect(turn).toBeGreaterThan(5);
        return;
      }
    }
    throw new Error("It never ends");
  });

  test("is a reload where that is quicker than the commands for all backends together, the small ones first", () => {
    const [before, after] = [site(40, 1), site(40, 500)].map((text) => `${text}backend small\n`);
    const change = changeBetween(
      modelOf(before ?? ""),
      modelOf(`${after ?? ""} server s 10.9.0.1:1\n`),
      new Map(),
      capabilitiesOf("3.2"),
    );
    expect(change).toMatchObject({ kind: "reload", reason: expect.stringContaining("longer than a reload") as string });
    if (change.kind === "reload") expect(change.first.lines[0]).toContain("small/s");
  });

  test("takes servers out only once the others are in, and no more of them than a turn has time for", () => {
    const before = modelOf(config("", many(2_000)));
    const after = modelOf(config("", many(2_000).replaceAll("server s", "server t")));
    const change = changeBetween(before, after, new Map(), {
      ...capabilitiesOf("3.2"),
      pace: { commandMs: 0.001, pairMs: 1 },
    });
    expect(change).toMatchObject({ kind: "runtime", commands: { isWhole: false, leaving: [] } });
    const all = changeBetween(before, after, new Map(), {
      ...capabilitiesOf("3.2"),
      pace: { commandMs: 0.001, pairMs: 0 },
    });
    expect(all.kind).toBe("reload");
    if (all.kind === "reload") expect(all.first.lines.length).toBeLessThanOrEqual(125);
  });
});
