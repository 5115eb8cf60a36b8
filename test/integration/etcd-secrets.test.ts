import { execFile } from "node:child_process";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, test } from "vitest";
import { Confdir } from "../support/confd.js";
import { EtcdWorld, ROOT } from "../support/etcd-world.js";
import { startEtcd, type TestEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { Hecd } from "../support/hecd.js";
import { SecuredEtcd } from "../support/secured-etcd.js";
import { TcpProxy } from "../support/tcp-proxy.js";
import { tempDir } from "../support/temp-dir.js";

const run = promisify(execFile);

/** A user `app` who may all below the root of the tests. */
async function addUser(etcd: TestEtcd, password: string): Promise<void> {
  await etcd.ctl("user", "add", `app:${password}`);
  await etcd.ctl("role", "add", "app");
  for (const prefix of [ROOT, "/hecd"])
    await etcd.ctl("role", "grant-permission", "app", "readwrite", prefix, "--prefix");
  await etcd.ctl("user", "grant-role", "app", "app");
}

describe.concurrent("a secret that changes on disk", () => {
  test("is read again where it is the password of a user: the lease stays, and the watch", async ({ expect }) => {
    await using etcd = await startEtcd({ auth: true });
    await addUser(etcd, "before");
    await using folder = await tempDir();
    const passwordFile = join(folder.path, "password");
    await writeFile(passwordFile, "before\n");
    await using world = await EtcdWorld.open({ endpoints: [etcd.endpoint], username: "app", passwordFile });
    await world.register(10);

    await etcd.changePassword("app", "after");
    await eventually("the refusal", () => world.events("store-unreachable").length > 0, 15_000);
    expect(world.events("store-unreachable").at(-1)?.reason).toContain("authentication failed");
    await writeFile(`${passwordFile}.new`, "after\n");
    await rename(`${passwordFile}.new`, passwordFile);
    await eventually("the return", () => world.events("store-connected").length === 2, 5_000);
    await etcd.write([[`${ROOT}/x`, "1"]]);
    await world.agrees(etcd, 5_000);

    // And where the file is there before etcd changes, nobody notices.
    await writeFile(passwordFile, "third\n");
    const seen = world.events("store-unreachable").length;
    await etcd.changePassword("app", "third");
    await etcd.write([[`${ROOT}/x`, "2"]]);
    await world.agrees(etcd, 10_000);
    const renewals = world.events("lease-renewed").length;
    await eventually("a renewal after it", () => world.events("lease-renewed").length > renewals, 15_000);
    expect(world.events("store-unreachable")).toHaveLength(seen);
    await world.isRegistered(etcd, 1_000);
    expect(world.events("session-lost")).toEqual([]);
    expect(world.events("session-opened")).toHaveLength(1);
  });

  test("is read again where it is a certificate, its key or the authority", async ({ expect }) => {
    await using etcd = await SecuredEtcd.start();
    await using world = await EtcdWorld.open({ endpoints: [etcd.endpoint], ...etcd.files });
    await world.register(10);

    // Another authority: etcd knows nobody of the first one any more.
    await etcd.issue("second");
    await etcd.takeFor("server");
    await etcd.kill();
    await etcd.launch();
    await eventually("the refusal", () => world.events("store-unreachable").length > 0, 15_000);
    await etcd.takeFor("client");
    await eventually("the return", () => world.events("store-connected").length === 2, 5_000);
    await etcd.ctl("put", `${ROOT}/x`, "1");
    await eventually("the change", () => world.latest?.entries.get(`${ROOT}/x`) === "1", 5_000);
    expect(world.events("session-lost")).toEqual([]);
    expect(world.events("session-opened")).toHaveLength(1);
    expect((await etcd.ctl("get", `${ROOT}/own/`, "--prefix", "--keys-only")).match(/own/g)).toHaveLength(50);
  });

  test("is taken up within seconds while all is well", async ({ expect }) => {
    await using etcd = await SecuredEtcd.start();
    await using proxy = await TcpProxy.open(etcd.port);
    await using world = await EtcdWorld.open({ endpoints: [proxy.endpoint], ...etcd.files });
    await world.register(10);
    const before = proxy.accepted;
    await etcd.issue("first");
    await etcd.takeFor("client"); // the certificate, and then its key
    await eventually("a connection by the new pair", () => proxy.accepted > before, 10_000);
    await eventually("a renewal", () => world.events("lease-renewed").length >= 2, 15_000);
    expect(world.events("store-unreachable")).toEqual([]);
    expect(world.events("session-lost")).toEqual([]);
  });
});

describe.concurrent("a user's log-in", () => {
  test("goes by no proxy of the environment, as no request does", async ({ expect }) => {
    await using etcd = await startEtcd({ auth: true });
    await etcd.write([["/app/a", "1"]]);
    await using confdir = await Confdir.make();
    await confdir.resource("one", '{{getv "/app/a"}}');
    const nobody = "http://127.0.0.1:9"; // where nothing listens
    const renderer = new Hecd(["render", "--once", "--confdir", confdir.path, "--etcd", etcd.endpoint], {
      ...{ http_proxy: nobody, HTTP_PROXY: nobody, https_proxy: nobody, grpc_proxy: nobody, no_proxy: "" },
      ...{ HECD_ETCD_USERNAME: "root", HECD_ETCD_PASSWORD: "secret" },
    });
    expect((await renderer.ended()).code).toBe(0);
    expect(await confdir.read("one")).toBe("1");
  });

  test("is made anew where a token has become too old, and nobody notices", async ({ expect }) => {
    await using folder = await tempDir();
    const [secret, open] = [join(folder.path, "private.pem"), join(folder.path, "public.pem")];
    await run("openssl", ["genrsa", "-out", secret, "2048"]);
    await run("openssl", ["rsa", "-in", secret, "-pubout", "-out", open]);
    const tokens = `jwt,pub-key=${open},priv-key=${secret},sign-method=RS256,ttl=10m`;
    await using etcd = await startEtcd({ args: ["--auth-token", tokens], auth: true });
    await using world = await EtcdWorld.open({ endpoints: [etcd.endpoint], username: "root", password: "secret" });
    await world.register(10);
    await addUser(etcd, "secret");
    const renewals = world.events("lease-renewed").length;
    await eventually("two renewals", () => world.events("lease-renewed").length > renewals + 1, 15_000);
    await etcd.write([[`${ROOT}/x`, "1"]]);
    await world.agrees(etcd, 5_000);
    expect(world.events("store-unreachable")).toEqual([]);
  });

  test("comes as soon after an outage as a request of nobody's", async ({ expect }) => {
    await using etcd = await startEtcd({ auth: true });
    await using world = await EtcdWorld.open({ endpoints: [etcd.endpoint], username: "root", password: "secret" });
    await etcd.kill();
    const killedAt = performance.now();
    await eventually("a long outage", () => performance.now() - killedAt > 17_000, 30_000);
    await etcd.start();
    const backAt = performance.now();
    await eventually("the return", () => world.events("store-connected").length === 2, 60_000);
    expect(performance.now() - backAt).toBeLessThan(3_000);
  });
});
