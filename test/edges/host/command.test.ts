import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { run, runShell } from "../../../src/edges/host/command.js";
import { hasCode } from "../../../src/errors.js";
import { systemClock } from "../../../src/flow/clock.js";
import { eventually } from "../../support/eventually.js";
import { tempDir } from "../../support/temp-dir.js";

const limits = { deadlineMs: 10_000, clock: systemClock };
const signal = new AbortController().signal;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether a process is gone, or only waits for its parent to notice. */
async function hasEnded(pid: number): Promise<boolean> {
  if (!isAlive(pid)) return true;
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return stat?.includes(") Z ") ?? true;
}

describe("a program", () => {
  test("gets its arguments as they are, without a shell", async () => {
    const ended = await run(["/bin/echo", "$HOME; `id`", "*"], limits, signal);
    expect(ended).toEqual({ exitCode: 0, signal: null, output: "$HOME; `id` *" });
  });

  test("is told of with its exit code and all it printed", async () => {
    const ended = await runShell("echo out; echo err >&2; exit 3", limits, signal);
    expect(ended).toEqual({ exitCode: 3, signal: null, output: "out\nerr" });
  });

  test("is told of with the signal that ended it", async () => {
    expect(await runShell("kill -KILL $$", limits, signal)).toEqual({ exitCode: null, signal: "SIGKILL", output: "" });
  });

  test("that cannot be started is a failed command", async () => {
    const failure = await run(["/no/such/program", "x"], limits, signal).catch((error: unknown) => error);
    expect(hasCode(failure, "command-failed") && failure.message).toBe(
      'Command "/no/such/program x" could not be run: spawn /no/such/program ENOENT',
    );
  });

  test("has no limit where its limit is endless", async () => {
    const endless = { ...limits, deadlineMs: Infinity };
    expect(await runShell("sleep 0.1; echo done", endless, signal)).toMatchObject({ exitCode: 0, output: "done" });
  });

  test("reads nothing from us", async () => {
    expect((await run(["/bin/cat"], limits, signal)).exitCode).toBe(0);
  });

  test("may print more than anybody wants to read", async () => {
    const { output } = await runShell("head -c 1000000 /dev/zero | tr '\\0' x", limits, signal);
    expect(output.length).toBeLessThan(70_000);
    expect(output).toMatch(/^x+\n\(cut off at 65536 bytes\)$/);
  });

  test("leaves a daemon behind that lives on and does not keep us waiting", async () => {
    const { output } = await runShell("sleep 30 & echo $!", limits, signal);
    const pid = Number(output);
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, "SIGKILL");
  });
});

describe.concurrent("a program that must not go on", () => {
  test("ends with everything it has started when the signal aborts (invariant 12)", async () => {
    await using directory = await tempDir();
    const file = join(directory.path, "pid");
    const stop = new AbortController();
    const running = runShell(`sleep 60 & echo $! > ${file}; wait`, limits, stop.signal);
    const ended = expect(running).rejects.toThrow("stop");
    const pid = await eventually("a child", async () => Number(await readFile(file, "utf8")) || undefined);
    stop.abort(new Error("stop"));
    await ended;
    await eventually("the child's end", () => hasEnded(pid));
  });

  test("is killed when it does not listen", async () => {
    await using directory = await tempDir();
    const script = join(directory.path, "deaf.sh");
    await writeFile(script, "trap '' TERM\necho ready > $0.ready\nwhile :; do sleep 0.1; done\n");
    const stop = new AbortController();
    const ended = expect(run(["/bin/sh", script], limits, stop.signal)).rejects.toThrow("stop");
    await eventually("the trap", () => readFile(`${script}.ready`, "utf8"));
    stop.abort(new Error("stop"));
    await ended;
  });

  test("ends at its deadline", async () => {
    const running = run(["/bin/sleep", "60"], { deadlineMs: 50, clock: systemClock }, signal);
    await expect(running).rejects.toThrow('Gave up waiting for "/bin/sleep 60" after 50 ms');
  });

  test("is not even started when the signal has aborted before", async () => {
    await using directory = await tempDir();
    const file = join(directory.path, "file");
    await expect(run(["/bin/touch", file], limits, AbortSignal.abort(new Error("stop")))).rejects.toThrow("stop");
    await expect(readFile(file)).rejects.toThrow("ENOENT");
  });
});
