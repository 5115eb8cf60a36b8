import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "vitest";
import { Confdir } from "../support/confd.js";
import { startEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { FakeDocker, idOf } from "../support/fake-docker.js";
import { freePort } from "../support/free-port.js";
import { CONFD, Hecd, hecd } from "../support/hecd.js";
import { plant, PLANTED } from "../support/planted.js";
import { tempDir } from "../support/temp-dir.js";

/** A process that is told how to reach a store: its variables and its arguments. */
interface Place {
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Files beside it, by name; `DIR` in variables and arguments is where they are. */
  readonly files?: Readonly<Record<string, string>>;
}

const NOWHERE = "127.0.0.1:9";

/** Where somebody may put a secret, and what is wrong there. */
const PLACES: readonly (readonly [string, (secret: string, etcd: string) => Place])[] = [
  [
    "the password of a user, and etcd refuses it",
    (secret, etcd) => ({ env: { HECD_ETCD: etcd, HECD_ETCD_USERNAME: "root", HECD_ETCD_PASSWORD: secret } }),
  ],
  [
    "user and password as etcdctl has them",
    (secret, etcd) => ({ env: { HECD_ETCD: etcd, ETCDCTL_USER: `root:${secret}` } }),
  ],
  [
    "a file of the password, and etcd refuses it",
    (secret, etcd) => ({
      files: { password: `${secret}\n` },
      env: { HECD_ETCD: etcd, HECD_ETCD_USERNAME: "root", HECD_ETCD_PASSWORD_FILE: "DIR/password" },
    }),
  ],
  ["an endpoint of etcd", (secret, etcd) => ({ args: ["--etcd", `http://root:${secret}@${etcd}`] })],
  ["etcdctl's endpoints", (secret, etcd) => ({ env: { ETCDCTL_ENDPOINTS: `https://root:${secret}@${etcd}` } })],
  [
    "a key of TLS that is none",
    (secret, etcd) => ({
      files: { key: `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`, cert: secret },
      env: {
        HECD_ETCD: `https://${etcd}`,
        HECD_ETCD_KEY: "DIR/key",
        HECD_ETCD_CERT: "DIR/cert",
        HECD_ETCD_CA: "DIR/cert",
      },
    }),
  ],
  ["the URL of a Redis", (secret) => ({ args: ["--store", `redis://user:${secret}@${NOWHERE}/0`] })],
  ["the URL of a Consul", (secret) => ({ env: { HECD_STORE: `consul://${secret}@${NOWHERE}` } })],
  [
    "the password of a Redis that is away",
    (secret) => ({ env: { HECD_STORE: `redis://${NOWHERE}`, HECD_STORE_PASSWORD: secret } }),
  ],
  [
    "the token of a Consul that is away",
    (secret) => ({ env: { HECD_STORE: `consul://${NOWHERE}`, HECD_STORE_PASSWORD: secret } }),
  ],
  [
    "the user of a ZooKeeper that is away",
    (secret) => ({ env: { HECD_STORE: `zk://${NOWHERE}`, HECD_STORE_USERNAME: "a", HECD_STORE_PASSWORD: secret } }),
  ],
  [
    "a line of hecd.toml that is no TOML",
    (secret) => ({ files: { "hecd.toml": `etcd-password = "${secret}" oops\n` }, args: ["--config", "DIR/hecd.toml"] }),
  ],
  [
    "a setting of hecd.toml of the wrong kind",
    (secret) => ({ files: { "hecd.toml": `etcd-password = ["${secret}"]\n` }, args: ["--config", "DIR/hecd.toml"] }),
  ],
  ["the address of a Docker engine", (secret) => ({ env: { DOCKER_HOST: `tcp://user:${secret}@${NOWHERE}` } })],
];

/** Commands that a person runs where something is wrong. */
const COMMANDS = [["render", "--once"], ["list"], ["doctor"], ["check"], ["explain", "web"], ["status"]] as const;

describe("a planted secret", () => {
  test("is in no word of any command, whatever is wrong where it stands", { timeout: 240_000 }, async ({ expect }) => {
    await using etcd = await startEtcd({ auth: true });
    await using confdir = await Confdir.make();
    await confdir.resource("one", '{{getv "/app/a"}}');
    const leaks: string[] = [];
    for (const [where, placeOf] of PLACES) {
      await using folder = await tempDir();
      const secret = plant();
      const { env = {}, args = [], files = {} } = placeOf(secret, etcd.endpoint);
      const put = (text: string): string => text.replaceAll("DIR", folder.path);
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text);
      const given = Object.fromEntries(Object.entries(env).map(([name, text]) => [name, put(text)]));
      const words = COMMANDS.map(async (command) => {
        const place = ["render", "check", "doctor"].includes(command[0]) ? ["--confdir", confdir.path] : [];
        const { code, stdout, stderr } = await hecd([...command, ...place, ...args.map(put)], {
          ...{ HECD_LOG_LEVEL: "debug", HECD_RENDERER: "off", HECD_AGENT: "off" },
          ...given,
        });
        if ((stdout + stderr).includes(secret)) leaks.push(`${command[0]} with ${where}: ${stdout}${stderr}`);
        return code;
      });
      expect(await Promise.all(words), where).not.toEqual(COMMANDS.map(() => 0));
    }
    expect(leaks).toEqual([]);
  });

  test("is in no word of confd, of its files that cannot be read neither", { timeout: 60_000 }, async ({ expect }) => {
    await using etcd = await startEtcd({ auth: true });
    await using confdir = await Confdir.make();
    await confdir.resource("one", '{{getv "/app/a"}}');
    const secret = plant();
    await confdir.resource("two", "x", `[backend]\npassword = "${secret}" oops`);
    await confdir.write("confd.toml", `password = "${secret}" oops\n`);
    const begin = [
      "etcd",
      "-onetime",
      "-confdir",
      confdir.path,
      "-log-level",
      "debug",
      "-node",
      `http://${etcd.endpoint}`,
    ];
    const login = ["-basic-auth", "-username", "root", "-password", secret];
    for (const more of [login, ["-config-file", confdir.at("confd.toml")]]) {
      const { code, stdout, stderr } = await new Hecd([...begin, ...more], {}, CONFD).ended();
      expect(code).not.toBe(0);
      expect(stdout + stderr).not.toContain(secret);
    }
  });

  test(
    "is nowhere in what a renderer says, serves, keeps and starts, while all is well and while nothing is",
    { timeout: 120_000 },
    async ({ expect }) => {
      await using etcd = await startEtcd({ auth: true });
      const [password, wrong, orders, token] = [plant(), plant(), plant(), plant()];
      await etcd.ctl("user", "add", `app:${password}`);
      await etcd.ctl("user", "grant-role", "app", "root");
      await using confdir = await Confdir.make();
      const started = confdir.at("started");
      const look = `cat /proc/self/environ /proc/$PPID/cmdline /proc/self/cmdline >> ${started}`;
      await confdir.resource("one", '{{getv "/app/a"}}', `check_cmd = "${look}"\nreload_cmd = "${look}"`);
      for (const [name, text] of [
        ["orders", orders],
        ["token", token],
      ] as const)
        await confdir.write(name, `${text}\n`);
      const [status, cfg] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
      await using renderer = new Hecd(
        [
          ...["render", "--confdir", confdir.path, "--etcd", etcd.endpoint, "--etcd-username", "app"],
          ...["--listen", status, "--admin-token-file", confdir.at("orders")],
          ...["--cfg-listen", cfg, "--cfg-token-file", confdir.at("token"), "--log-level", "debug"],
        ],
        { HECD_ETCD_PASSWORD: password, HECD_STORE_PASSWORD: plant() },
      );
      const ask = async (path: string, headers: Record<string, string> = {}): Promise<string> =>
        (await fetch(`http://${status}${path}`, { headers }).catch(() => undefined))?.text() ?? "";
      await etcd.write([["/app/a", "1"]]);
      await eventually("the file", async () => (await confdir.read("one")) === "1", 20_000);
      await ask("/containers/x/drain", { authorization: `Bearer ${wrong}` });
      const paths = ["/state", "/metrics", "/statistics", "/history", "/readyz", "/healthz", "/"];
      const served = async (): Promise<string> => (await Promise.all(paths.map((path) => ask(path)))).join("\n");
      const words = [await served()];
      await fetch(`http://${cfg}/cfg/one`, { headers: { authorization: `Bearer ${wrong}` } });

      await etcd.changePassword("app", plant());
      await renderer.said(/refuses/);
      await etcd.kill();
      await renderer.said(/Cannot reach/, 30_000);
      words.push(
        await served(),
        await readFile(`/proc/${renderer.pid}/cmdline`, "utf8"),
        await readFile(started, "utf8"),
      );
      await renderer.stop();
      words.push(renderer.log, renderer.printed);
      const folder = confdir.at(".hecd-history");
      const kept = await readdir(folder, { recursive: true, withFileTypes: true });
      for (const file of kept) if (file.isFile()) words.push(await readFile(join(file.parentPath, file.name), "utf8"));
      expect(kept.length).toBeGreaterThan(0);
      for (const secret of [password, wrong, orders, token]) expect(words.join("\n")).not.toContain(secret);
      expect(words.join("\n")).not.toMatch(PLANTED);
    },
  );

  test("is in nothing that an agent says, serves and registers, where it is a label of somebody else's", async ({
    expect,
  }) => {
    await using etcd = await startEtcd();
    await using docker = await FakeDocker.start();
    const secret = plant();
    const container = { name: "one", status: "running", startedAt: "2026-01-02T03:04:05Z", hostPort: 32_001 } as const;
    const labels = { "hecd.service": "web", "com.example.db.password": secret, DATABASE_URL: `pg://a:${secret}@db` };
    docker.containers.set(idOf(1), { ...container, labels });
    docker.containers.set(idOf(2), { ...container, name: "two", labels: { ...labels, "hecd.port": "none" } });
    const address = `127.0.0.1:${await freePort()}`;
    await using agent = new Hecd([
      ...["agent", "--docker", docker.url, "--host-id", "host1", "--advertise", "192.0.2.1", "--probe", "off"],
      ...["--etcd", etcd.endpoint, "--listen", address, "--log-level", "debug", "--layout", "simple,json,registrator"],
      ...["--compat", "registrator,traefik"],
    ]);
    await agent.said(/Registered \/app\/web\/one/);
    const words = await Promise.all(
      ["/state", "/metrics", "/", "/readyz"].map(async (path) => (await fetch(`http://${address}${path}`)).text()),
    );
    words.push(JSON.stringify([...(await etcd.keys("/"))]));
    words.push((await hecd(["explain", "two", "--docker", docker.url])).stdout);
    await agent.stop();
    expect([...words, agent.log].join("\n")).not.toContain(secret);
  });
});
