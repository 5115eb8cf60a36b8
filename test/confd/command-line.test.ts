import { describe, expect, test } from "vitest";
import { parseCommandLine } from "../../src/confd/command-line.js";

function read(...argv: readonly string[]) {
  const line = parseCommandLine(argv);
  if ("problem" in line) throw new Error(line.problem);
  return { style: line.style, ...Object.fromEntries(line.given) };
}

describe("a command line of confd", () => {
  test.each([
    [["-x-is-none"], { problem: "flag provided but not defined: -x-is-none", style: "classic" }],
    [["env", "--nope=1"], { problem: "unknown flag --nope", style: "fork" }],
    [["-node"], { problem: "flag needs an argument: -node", style: "classic" }],
    [["-watch=maybe"], { problem: 'invalid boolean value "maybe" for -watch: parse error', style: "classic" }],
    [["-interval", "1.5"], { problem: 'invalid value "1.5" for flag -interval: parse error', style: "classic" }],
    [["---node", "a"], { problem: "bad flag syntax: ---node", style: "classic" }],
    [["-=x"], { problem: "bad flag syntax: -=x", style: "classic" }],
  ])("cannot be %j", (argv, problem) => {
    expect(parseCommandLine(argv)).toEqual(problem);
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
