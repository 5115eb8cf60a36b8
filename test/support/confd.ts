import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CONFD, type Ended, Hecd } from "./hecd.js";
import { tempDir } from "./temp-dir.js";

/** A confdir of a test, with a place for what is rendered; disposing it ends its daemons and removes everything. */
export class Confdir implements AsyncDisposable {
  readonly path: string;
  readonly #dispose: () => Promise<void>;
  readonly #daemons: Hecd[] = [];

  private constructor(path: string, dispose: () => Promise<void>) {
    this.path = path;
    this.#dispose = dispose;
  }

  static async make(): Promise<Confdir> {
    const folder = await tempDir();
    await mkdir(join(folder.path, "conf.d"));
    await mkdir(join(folder.path, "templates"));
    return new Confdir(folder.path, async () => {
      await folder[Symbol.asyncDispose]();
    });
  }

  /** The path of a file beside conf.d. */
  at(name: string): string {
    return join(this.path, name);
  }

  /** Writes `conf.d/NAME.toml` and `templates/NAME.tmpl`; the file is rendered to `NAME`. */
  async resource(name: string, template: string, lines = "", keys: readonly string[] = ["/app"]): Promise<void> {
    await this.write(`templates/${name}.tmpl`, template);
    const table = `[template]\nsrc = "${name}.tmpl"\ndest = "${this.at(name)}"\nkeys = ${JSON.stringify(keys)}\n`;
    await this.write(`conf.d/${name}.toml`, `${table}${lines}\n`);
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(this.at(name), text);
  }

  /** The text of a file beside conf.d; undefined when there is none. */
  async read(name: string): Promise<string | undefined> {
    return readFile(this.at(name), "utf8").catch(() => undefined);
  }

  /** How often a command that appends a line to this file has run. */
  async count(name: string): Promise<number> {
    return ((await this.read(name)) ?? "").split("\n").length - 1;
  }

  /** Runs confd to its end. */
  async run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return await new Hecd(["-confdir", this.path, ...args], env, CONFD).ended();
  }

  /** Starts confd, to be ended with this folder. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Hecd {
    const daemon = new Hecd(["-confdir", this.path, ...args], env, CONFD);
    this.#daemons.push(daemon);
    return daemon;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#daemons.map((daemon) => daemon[Symbol.asyncDispose]()));
    await this.#dispose();
  }
}
