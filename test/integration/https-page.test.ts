import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir } from "node:fs/promises";
import { basename, delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { PROJECT } from "../../tools/machine/facts.mjs";
import { must, PATH } from "../../tools/machine/program.mjs";
import { ComposeProject } from "../support/compose.js";
import { WEB_IMAGE } from "../support/docker.js";
import { blocks, section } from "../support/documents.js";
import { eventually } from "../support/eventually.js";
import { tempDir } from "../support/temp-dir.js";

/** What a checkout does not have that nobody has worked in yet. */
const MADE = new Set([".git", "node_modules", "dist", "coverage", "tls"]);

/** Requests one after the other, enough that none of two containers is passed over. */
const SEVERAL = 6;

/** Somebody with a fresh checkout, in a folder whose name has a blank, who does what the page says. */
class Reader implements AsyncDisposable {
  readonly #project: ComposeProject;
  readonly #folder: Awaited<ReturnType<typeof tempDir>>;
  readonly #checkout: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(project: ComposeProject, folder: Awaited<ReturnType<typeof tempDir>>) {
    this.#project = project;
    this.#folder = folder;
    this.#checkout = join(folder.path, "fresh checkout");
    const prefix = join(folder.path, "npm");
    this.#env = {
      IMAGE: WEB_IMAGE,
      PATH: [this.#bin, join(prefix, "bin"), PATH].join(delimiter),
      npm_config_prefix: prefix, // where `npm link` puts programs
      npm_config_prefer_offline: "true",
      npm_config_audit: "false",
    };
  }

  static async start(): Promise<Reader> {
    const project = await ComposeProject.of("compose/https.yml", `hecd-https-${process.pid}`, { IMAGE: WEB_IMAGE });
    const reader = new Reader(project, await tempDir());
    await cp(PROJECT, reader.#checkout, { recursive: true, filter: (from) => !MADE.has(basename(from)) });
    await mkdir(reader.#bin);
    await project.standIn(reader.#bin);
    return reader;
  }

  /** What the lines of a block print, which have to succeed. */
  async does(block: string): Promise<string> {
    return must("bash", ["-e", "-c", block], { cwd: this.#checkout, env: this.#env });
  }

  /** Who answers when a block is repeated, each once. */
  async answers(block: string): Promise<readonly string[]> {
    const answers = new Set<string>();
    for (let asked = 0; asked < SEVERAL; asked++) answers.add(await this.does(block));
    return [...answers];
  }

  /** Runs the command of a block in a second terminal, until Ctrl-C is pressed there, or it is disposed. */
  starts(block: string): Terminal {
    return new Terminal(block, this.#checkout, this.#env);
  }

  /** The containers that are left of the services. */
  async left(): Promise<string> {
    const filter = `label=com.docker.compose.project=${this.#project.name}`;
    return must("docker", ["ps", "--all", "--quiet", "--filter", filter]);
  }

  get #bin(): string {
    return join(this.#folder.path, "bin");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#project[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}

class Terminal implements AsyncDisposable {
  printed = "";
  readonly #child;
  readonly #over: Promise<unknown>;

  constructor(block: string, cwd: string, env: Readonly<Record<string, string>>) {
    const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
    this.#child = spawn("bash", ["-c", `exec ${block}`], { cwd, env: { ...process.env, ...env }, stdio });
    this.#over = once(this.#child, "close");
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (this.printed += text));
    }
  }

  /** The exit code. */
  async interrupt(): Promise<number | null> {
    this.#child.kill("SIGINT");
    await this.#over;
    return this.#child.exitCode;
  }

  /** Not by a signal that none survives: what was started there would live on, at the same ports. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.interrupt();
  }
}

test("the page about HTTPS leads from a fresh checkout to three services in three minutes", async () => {
  const lines = blocks(section("docs/https.md", "In three minutes"), "sh");
  const [install = "", sign = "", start = "", serve = "", ask = "", askInTheClear = "", askByCookie = "", ...rest] =
    lines;
  const [fail = "", mend = "", renew = "", show = "", end = "", ...none] = rest;
  expect([end, none]).toEqual([expect.stringContaining("down"), []]);

  await using reader = await Reader.start();
  for (const block of [install, sign, start]) await reader.does(block);
  await using up = reader.starts(serve);
  const shown = (): number =>
    up.printed
      .split("SERVICE ")
      .at(-1)
      ?.match(/^(account|news|shop) /gm)?.length ?? 0;
  await eventually("a table of five containers", () => shown() === 5, 40_000).catch((error: unknown) => {
    throw new Error(up.printed.slice(-3_000), { cause: error });
  });

  // Each name has its own service, by a certificate that the client takes for it and HTTP/2.
  const isServed = async (): Promise<boolean> => /^shop \S+\naccount \S+\nnews \S+\n$/.test(await reader.does(ask));
  await eventually("an answer by each name", isServed);
  const [shop = "", account = ""] = ask.split("\n");
  expect(await reader.does(`${shop} --output /dev/null --write-out %{http_version}`)).toBe("2");
  await expect(reader.does(shop.replace("shop.localhost", "other.localhost"))).rejects.toThrow(/certificate/);

  expect(await reader.does(askInTheClear)).toMatch(/^shop \S+\nnews \S+\n$/);
  const [redirected] = askInTheClear.split("\n");
  expect(await reader.does(`${redirected} --max-redirs 0 --write-out %{redirect_url} || true`)).toBe(
    "https://shop.localhost:8443/",
  );

  expect(await reader.answers(shop)).toHaveLength(2);
  expect(await reader.answers(askByCookie)).toHaveLength(1);

  expect(await reader.answers(account)).toHaveLength(2);
  await reader.does(fail);
  await eventually("one container that answers", async () => (await reader.answers(account)).length === 1);
  await reader.does(mend);
  await eventually("both containers", async () => (await reader.answers(account)).length === 2);

  const reloads = (): number => up.printed.match(/"event":"reloaded"/g)?.length ?? 0;
  const [before, reloadsBefore] = [await reader.does(show), reloads()];
  expect(before).toMatch(/^serial=\S+\nnotAfter=/);
  await reader.does(renew);
  await eventually("the new certificate", async () => (await reader.does(show)) !== before);
  expect(reloads()).toBe(reloadsBefore);

  expect(await up.interrupt(), up.printed).toBe(0);
  await reader.does(end);
  expect(await reader.left()).toBe("");
}, 180_000);
