import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { renderKeys, stockTemplate } from "../support/golden.js";
import { record } from "../support/records.js";
import { tempDir } from "../support/temp-dir.js";

const run = promisify(execFile);
const template = await stockTemplate("nginx.conf.hbs");

const directory = await tempDir();

afterAll(async () => {
  await directory[Symbol.asyncDispose]();
});

/** What the template makes of these keys, with all files of nginx's in the folder of this run. */
function rendered(keys: Readonly<Record<string, unknown>>): string {
  const at = (name: string): string => join(directory.path, name);
  return renderKeys(template, keys, {
    HECD_NGINX_PID: at("nginx.pid"),
    HECD_NGINX_ERROR_LOG: at("error.log"),
    HECD_NGINX_ACCESS_LOG: "off",
    HECD_NGINX_INCLUDE: at("more-*.conf"),
    HECD_AUTH_DIR: "/etc/hecd/users",
  }).text;
}

/** What the real `nginx -t` says of a configuration; undefined when it has nothing to say. */
async function objectionsTo(text: string): Promise<string | undefined> {
  const path = join(directory.path, "nginx.conf");
  await writeFile(path, text);
  try {
    const { stderr } = await run("nginx", ["-t", "-q", "-c", path]);
    return stderr === "" ? undefined : stderr;
  } catch (error) {
    return error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
  }
}

/** Headers that are set to all that could mean something, and one that is taken away. */
const HEADERS = { "x-odd": `50% of it's "all" #1 \\ $HOME \${HOME} {a} ; \\"`, server: "" };

describe("nginx -t accepts without a warning", () => {
  test.each([0, 1, 1_000])("%i servers", async (count) => {
    const keys = Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`/app/servers/c${index}`, `10.0.${index >> 8}.${index & 255}:80`]),
    );
    const text = rendered(keys);
    expect(text.match(/^ {8}server \d/gm) ?? []).toHaveLength(count);
    expect(await objectionsTo(text)).toBeUndefined();
  });

  test.each([1, 500])("%i services that have all labels there are", async (count) => {
    const balances = ["roundrobin", "leastconn", "static-rr", "first", "source", "random"] as const;
    const records = Array.from({ length: count * 2 }, (_, at) => {
      const index = at >> 1;
      return record({
        ...{ service: `s${index}`, name: `c${at}`, port: 1_000 + at, weight: at % 3 },
        backup: index % 4 === 0 || at % 2 === 0,
        timeouts: { connect: "1s", server: "2500ms", tunnel: "3s" },
        tls: { verify: index % 2 === 0, ...(index % 3 === 0 ? {} : { sni: "shop.example.org" }) },
        http: {
          ...{ hosts: [`h${index}.example.org`, `*.h${index}.example.org`], paths: ["/a+b*c.d", "/e%20;f"] },
          ...{ strip: "/a+b*c.d", allow: ["10.0.0.0/8", "2001:db8::/64"], auth: "team", priority: index % 9 },
          ...{ headers: { request: HEADERS, response: HEADERS }, sticky: index % 5 === 0 },
          ...{ scheme: index % 2 === 0 ? "https" : "http", balance: balances[index % 6] },
        },
      });
    });
    expect(await objectionsTo(rendered(Object.fromEntries(records)))).toBeUndefined();
  });

  test("services whose names mean something to nginx, or differ in their case alone", async () => {
    const names = ["server", "http", "default", "localhost", "127.0.0.1", "unix", "Shop", "shop", "sHop", "s_hop"];
    const keys = names.flatMap((service, index) => [
      record({ service, name: `c${index}`, port: 100 + index, http: { hosts: [`h${index}.x`], paths: ["/if", "/~"] } }),
    ]);
    expect(await objectionsTo(rendered(Object.fromEntries(keys)))).toBeUndefined();
  });
});

describe("invariant 11: no value from the store can add a directive", () => {
  const nasty = fc.constantFrom(
    ...[
      "\n",
      "\r",
      " ",
      "\t",
      "#",
      '"',
      "'",
      "\\",
      "\\\n",
      "$",
      "${HOME}",
      "$request_uri",
      ";",
      "{",
      "}",
      "~",
      "*",
      "@",
    ],
    ...[
      "; return 200;",
      "\n    return 200;\n",
      '" ; return 200; "',
      "unix:/var/run/docker.sock",
      "x".repeat(600),
      "\u0000",
    ],
    ...[
      "\u2028",
      "e\u0301",
      "[::]:80",
      "0.0.0.0:80",
      "10.0.0.1:80 down",
      "..",
      "{{services}}",
      "__proto__",
      ")",
      "(",
      "$)(",
    ],
  );
  const plain = fc.constantFrom(
    ...["web", "Web", "a_b", "/shop", "/a.b+c*", "*.a.example", "A.example", "10.0.0.1:80", "[2001:db8::1]:443"],
    ...["leastconn", "source", "random", "https", "h2c", "tcp", "7s", "1500ms", "team", "10.0.0.0/8", '"$x\\'],
  );
  const word = fc.oneof(
    plain,
    nasty,
    fc.tuple(plain, nasty).map((both) => both.join("")),
    fc.string({ unit: "binary", maxLength: 40 }),
  );
  const value = fc.oneof(
    word,
    word.map((each) => [each]),
    fc.constantFrom<unknown>(0, 1, 256, true, false),
  );
  const damaged = fc
    .tuple(
      fc.constantFrom("service", "name", "addr", "weight", "backup", "mode", "timeouts", "tls", "http"),
      fc.constantFrom(
        ...["hosts", "paths", "scheme", "balance", "sticky", "strip", "allow", "auth", "header", "name of a header"],
        ...["connect", "server", "sni", "verify"],
      ),
      value,
      fc.nat(5),
    )
    .map(([field, inner, said, index]): [string, unknown] => {
      const [key, text] = record({ name: `c${index}`, port: 1_000 + index });
      const fields = JSON.parse(text) as Record<string, unknown>; // our own record
      const headers =
        inner === "header" ? { "x-a": said } : inner === "name of a header" ? { [String(said)]: "a" } : undefined;
      const inside = {
        ...{ hosts: ["a.example"], paths: ["/a"], [inner]: said },
        ...(headers && { headers: { request: headers, response: headers } }),
      };
      const isPart = ["timeouts", "tls", "http"].includes(field);
      return [key, { ...fields, http: inside, [field]: isPart ? inside : said }];
    });
  const simple = fc.tuple(word, word, word).map(([a, b, c]): [string, unknown] => [`/app/${a}/${b}`, c]);
  const store = fc.array(fc.oneof(simple, damaged), { minLength: 3, maxLength: 30 }).map(Object.fromEntries<unknown>);

  const NAME = String.raw`(?:[A-Za-z0-9.-]|_[A-Z_])+`;
  const ADDRESS = String.raw`(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9a-fA-F:.]+\]):[1-9][0-9]{0,4}`;
  const TIME = "[0-9]{1,8}(?:ms|s)";
  const PATH = String.raw`(?:/(?:[A-Za-z0-9_~!&,;=:@%/-]|\[[.*+]\])*)?`;
  const TEXT = String.raw`"(?:[ !#%-\[\]-~]|\\["\\]|\$\{hecd_dollar\})+"`;
  /** The only lines that depend on the store. */
  const FROM_STORE = [
    `        default @(?:-nobody|${NAME});`,
    String.raw`        "~\^(?:[a-z0-9-]|\[\.\]|\[\^/\]\*)+(?:${PATH}\(\[/\?\]\|\$\)|/)" @${NAME};`,
    `    upstream hecd\\.${NAME} \\{`,
    "        (?:hash \\$remote_addr consistent|random|least_conn);",
    `        server ${ADDRESS} (?:weight=[0-9]{1,3}|down) max_fails=1 fail_timeout=5s(?: backup| down)?;`,
    `        location @${NAME} \\{`,
    "            allow [0-9a-fA-F:./]+;",
    "            deny all;",
    `            auth_basic "[A-Za-z0-9_.-]+";`,
    `            auth_basic_user_file "/etc/hecd/users/[A-Za-z0-9_.-]+";`,
    String.raw`            if \(\$request_uri ~ "\^${PATH}(?:/\(\?<hecd_rest>\.\*\)|\(\?<hecd_rest>\[\?\]\.\*\)\?)\$"\) \{`,
    `                set \\$hecd_prefix "/[^"$\\\\ ]+";`,
    `            proxy_set_header [a-z0-9_-]+ (?:""|${TEXT});`,
    "            proxy_hide_header [a-z0-9_-]+;",
    `            add_header [a-z0-9_-]+ ${TEXT};`,
    `            proxy_(?:connect|read|send)_timeout ${TIME};`,
    "            proxy_ssl_name (?:[A-Za-z0-9.-]+|\\$host);",
    `            proxy_pass https?://hecd\\.${NAME}(?:\\$hecd_uri)?;`,
  ].map((line) => new RegExp(`^${line}$`));
  /** Those that a service has whatever the store says of it. */
  const FIXED = new Set(
    ...[
      rendered({
        ...Object.fromEntries([
          record({
            tls: { verify: true, sni: "a.example" },
            http: { hosts: [], paths: [], scheme: "https", strip: "/a", auth: "a", allow: ["::1"] },
          }),
          record({ service: "none", state: "down" }),
        ]),
      }).split("\n"),
    ],
  );

  test("whatever is in the store, each line is one of ours, and nginx takes the file", async () => {
    await fc.assert(
      fc.asyncProperty(store, async (keys) => {
        const text = rendered(keys);
        for (const line of text.split("\n")) {
          if (!FIXED.has(line))
            expect(
              FROM_STORE.some((form) => form.test(line)),
              JSON.stringify(line),
            ).toBe(true);
        }
        expect(await objectionsTo(text)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });
});
