import { describe, expect, test } from "vitest";
import { parseCommandLine } from "../../src/confd/command-line.js";

function read(...argv: readonly string[]) {
  const line = parseCommandLine(argv);
  if ("problem" in line) throw new Error(line.problem);
  return { style: line.style, ...Object.fromEntries(line.given) };
}

describe("a command line of confd", () => {
  test.each([
    [["-x-is-none"], "flag provided but not defined: -x-is-none"],
    [["-node"], "flag needs an argument: -node"],
    [["-watch=maybe"], 'invalid boolean value "maybe" for -watch: parse error'],
    [["-watch=yes"], 'invalid boolean value "yes" for -watch: parse error'],
    [["-interval", "1.5"], 'invalid value "1.5" for flag -interval: parse error'],
    [["-interval", "08"], 'invalid value "08" for flag -interval: parse error'],
    [["-interval", "9223372036854775808"], 'invalid value "9223372036854775808" for flag -interval: parse error'],
    [["-debounce", "soon"], 'invalid value "soon" for flag -debounce: parse error'],
    [["---node", "a"], "bad flag syntax: ---node"],
    [["-=x"], "bad flag syntax: -=x"],
  ])("of the classic cannot be %j", (argv, problem) => {
    expect(parseCommandLine(argv)).toEqual({ problem, style: "classic", exitCode: 2 });
  });

  test.each([
    [["env", "--watchh"], 'unknown flag --watchh, did you mean "--watch"?', 80],
    [["env", "--nowhere=1"], "unknown flag --nowhere", 80],
    [["env", "--watch=maybe"], 'invalid boolean value "maybe" for -watch: parse error', 80],
    [["env", "--interval=soon"], 'invalid value "soon" for flag -interval: parse error', 80],
    [["env", "--failure-mode=slow"], 'invalid value "slow" for flag -failure-mode: parse error', 80],
    [["env", "--check-cmd-timeout=soon"], 'invalid value "soon" for flag -check-cmd-timeout: parse error', 80],
    [["env", "--debounce=soon"], 'invalid value "soon" for flag -debounce: parse error', 1],
    [["env", "--batch-interval", "1"], 'invalid value "1" for flag -batch-interval: parse error', 1],
    [["env", "--log-format=xml"], 'invalid value "xml" for flag -log-format: parse error', 1],
    [["env", "etcd"], "unexpected argument etcd", 80],
    [["--watch", "env", "more"], "unexpected argument more", 80],
    [["--compat", "fork", "somewhere"], "unexpected argument somewhere", 80],
    [["-compat=fork", "-watch", "fil"], 'unexpected argument fil, did you mean "file"?', 80],
  ])("of the fork cannot be %j", (argv, problem, exitCode) => {
    expect(parseCommandLine(argv)).toEqual({ problem, style: "fork", exitCode });
  });

  test("that begins with a mistyped backend is never one without it, which would leave the flags behind it out", () => {
    for (const argv of [
      ["ectd", "--watch"],
      ["-watch", "ectd"],
      ["--prefix", "/p", "ectd", "--node", "a"],
    ]) {
      expect(parseCommandLine(argv)).toMatchObject({
        style: "fork",
        exitCode: 80,
        problem: expect.stringContaining('"etcd"') as string,
      });
    }
    expect(parseCommandLine(["consl"])).toMatchObject({ problem: 'unexpected argument consl, did you mean "consul"?' });
  });

  test("of the classic ignores a word that means nothing, and what was to be the value of a switch", () => {
    expect(read("-onetime", "now")).toEqual({ style: "classic", onetime: true });
    expect(read("-noop", "false", "-watch")).toEqual({ style: "classic", noop: true });
    expect(read("-backend", "env", "fil")).toEqual({ style: "classic", backend: "env" });
    expect(parseCommandLine(["somewhere"], "fork")).toMatchObject({ exitCode: 80 });
    expect(parseCommandLine(["-onetime"], "fork")).toMatchObject({ style: "classic", wants: "run" });
  });

  test("counts as Go does", () => {
    expect(read("-interval", "010")).toMatchObject({ interval: 8 });
    expect(read("-interval", "0x10")).toMatchObject({ interval: 16 });
    expect(read("-interval", "+1_0")).toMatchObject({ interval: 10 });
    expect(read("env", "--watch=Yes", "--noop=no")).toMatchObject({ watch: true, noop: false });
  });

  test.each(["-prefix /p", "--prefix /p", "-prefix=/p", "--prefix=/p"])("takes a value in either form: %s", (line) => {
    expect(read(...line.split(" "))).toEqual({ style: "classic", prefix: "/p" });
  });

  test("takes a switch alone or with what Go calls true and false", () => {
    expect(read("-watch", "-noop=F", "--onetime=1", "-no-template-cache")).toMatchObject({
      watch: true,
      noop: false,
      onetime: true,
      "template-cache": false,
    });
  });

  test("adds up nodes and files, and splits none of them", () => {
    expect(read("-node", "a:1,b:2", "-node=c:3", "-n", "d:4", "-file", "x,y")).toMatchObject({
      node: ["a:1,b:2", "c:3", "d:4"],
      file: ["x,y"],
    });
  });

  test("ends at the first other word, or at two dashes", () => {
    expect(read("-onetime", "word", "-nope")).toEqual({ style: "classic", onetime: true });
    expect(read("-onetime", "--", "-nope")).toEqual({ style: "classic", onetime: true });
    expect(read("-onetime", "-", "-nope")).toEqual({ style: "classic", onetime: true });
  });

  test("is the fork's when a word names a backend, before or after flags", () => {
    expect(read("env", "--onetime")).toEqual({ style: "fork", backend: "env", onetime: true });
    expect(read("--prefix", "etcd", "file", "--file", "x")).toEqual({
      style: "fork",
      prefix: "etcd",
      backend: "file",
      file: ["x"],
    });
    expect(read("-backend", "env", "-onetime")).toEqual({ style: "classic", backend: "env", onetime: true });
  });

  test.each([["-h"], ["--help"], ["-onetime", "-help"]])("asks for help with %j", (...argv) => {
    expect(parseCommandLine(argv)).toMatchObject({ wants: "help" });
  });

  test("asks for the version", () => {
    expect(parseCommandLine(["-version"])).toMatchObject({ wants: "version", style: "classic" });
  });
});
