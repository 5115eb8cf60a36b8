import { describe, expect, test } from "vitest";
import { matched, numberOf, required } from "./required.js";

describe("a value that has to be there", () => {
  test("is given back as it is, also when it is 0 or false", () => {
    expect([required("a", "name"), required(0, "count"), required(false, "answer")]).toEqual(["a", 0, false]);
  });

  test.each([undefined, null, ""])("is missed by its name when it is %j", (nothing) => {
    expect(() => required(nothing, "name of the bridge")).toThrow("There is no name of the bridge");
  });
});

describe("a part of a text", () => {
  test("is what the first group matches", () => {
    expect(matched(/^VmHWM: +([0-9]+) kB$/m, "VmPeak: 9 kB\nVmHWM:  512 kB\n", "peak")).toBe("512");
  });

  test.each([
    ["that nothing matches", /([0-9]+)/, "none"],
    ["that matches nothing", /no([0-9]*)/, "none"],
    ["whose group is left out", /none([0-9]+)?/, "none"],
  ])("%s is missed, with the text", (_, pattern, text) => {
    expect(() => matched(pattern, text, "peak")).toThrow('There is no peak in "none"');
  });
});

describe("a number in a text", () => {
  test.each([
    ["8080", 8080],
    [" 12\n", 12],
    ["-1.5", -1.5],
    ["0", 0],
  ])("is read from %j", (text, number) => {
    expect(numberOf(text, "port")).toBe(number);
  });

  test.each([undefined, "", " \n"])("is missed when the text is %j", (text) => {
    expect(() => numberOf(text, "port")).toThrow("There is no port");
  });

  test.each(["<no value>", "80a", "0x10", "1 2", "1e3"])("is not made of %j", (text) => {
    expect(() => numberOf(text, "port")).toThrow(`No number for port: ${JSON.stringify(text)}`);
  });
});
