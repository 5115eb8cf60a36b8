import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Answer, Case } from "./engine.js";

const SOURCE = new URL("go", import.meta.url).pathname;

/** Cases that go to the program in one batch: what it answers has to fit into one buffer. */
const BATCH = 500;

/** More than a batch ever takes; a template that fills the memory must not take the machine along. */
const TIMEOUT_MS = 60_000;

interface Response {
  readonly output: string | null;
  readonly error?: string;
  readonly seconds?: number;
}

/** The Go program, built: renders cases with Go's own text/template. Disposing removes what was built. */
export class GoProgram {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Builds the program; fails when there is no Go or it does not compile. */
  static build(): GoProgram {
    const directory = mkdtempSync(join(tmpdir(), "hecd-oracle-"));
    const env = { ...process.env, GOCACHE: join(tmpdir(), "hecd-go-cache"), GOFLAGS: "-mod=mod", GO111MODULE: "on" };
    execFileSync("go", ["build", "-o", join(directory, "oracle"), "."], { cwd: SOURCE, env, stdio: "inherit" });
    return new GoProgram(directory);
  }

  /** Go's answers, in the order of the cases. */
  render(cases: readonly Case[]): readonly Answer[] {
    const answers: Answer[] = [];
    for (let from = 0; from < cases.length; from += BATCH) {
      const batch = cases.slice(from, from + BATCH);
      for (const response of this.#ask(batch.map((each) => ({ ...each, template: base64(each.template) })))) {
        const { output, error } = response;
        answers.push(
          error === undefined ? { output: Buffer.from(output ?? "", "base64").toString("latin1") } : { error },
        );
      }
    }
    return answers;
  }

  /** The seconds that Go takes for so many renderings of a parsed template. */
  time({ template, store }: Case, repeat: number): number {
    const [response] = this.#ask([{ template: base64(template), store, repeat }]);
    if (response?.seconds === undefined) throw new Error(`Go could not render: ${response?.error ?? "no answer"}`);
    return response.seconds;
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true });
  }

  #ask(requests: readonly unknown[]): readonly Response[] {
    const input = requests.map((request) => JSON.stringify(request)).join("\n");
    const { status, signal, error, stdout, stderr } = spawnSync(join(this.#directory, "oracle"), {
      input,
      maxBuffer: 1 << 28,
      timeout: TIMEOUT_MS,
      killSignal: "SIGKILL",
      encoding: "utf8",
    });
    if (status !== 0)
      throw new Error(`The Go program ended with ${status ?? signal ?? "nothing"}: ${stderr}`, { cause: error });
    // The program is ours and says what its own types say.
    const responses = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Response);
    if (responses.length !== requests.length) throw new Error("the Go program did not answer every request");
    return responses;
  }
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
