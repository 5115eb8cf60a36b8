import { describe, expect, test } from "vitest";
import { withLoader } from "./elf.js";

const PT_LOAD = 1;
const PT_INTERP = 3;

/** The least of a program: its header, two program headers, and the path of its loader after a zero byte. */
function program(type = PT_INTERP, loader = "/lib64/ld.so"): Buffer {
  const [headersAt, headerSize, headers] = [64, 56, 2];
  const file = Buffer.concat([Buffer.alloc(headersAt + headers * headerSize + 1), Buffer.from(`${loader}\0code`)]);
  file.write("\u007fELF\u0002\u0001", 0, "latin1");
  file.writeBigUInt64LE(BigInt(headersAt), 32);
  file.writeUInt16LE(headerSize, 54);
  file.writeUInt16LE(headers, 56);
  file.writeUInt32LE(PT_LOAD, headersAt);
  file.writeUInt32LE(type, headersAt + headerSize);
  file.writeBigUInt64LE(BigInt(file.length - loader.length - "\0code".length), headersAt + headerSize + 8);
  return file;
}

/** The loader that a program names, as the kernel reads it: so many bytes from there on, the last of them zero. */
function loaderOf(file: Buffer): string {
  const [at, bytes] = [Number(file.readBigUInt64LE(64 + 56 + 8)), Number(file.readBigUInt64LE(64 + 56 + 32))];
  return file.toString("latin1", at, at + bytes);
}

describe("a program that a loader starts", () => {
  test("names another one, of whatever length, and is the same program for the rest", () => {
    const before = program();
    const after = withLoader(before, (loader) => `/somewhere/else${loader}`);
    expect(loaderOf(after)).toBe("/somewhere/else/lib64/ld.so\0");
    expect(after.subarray(64 + 2 * 56, before.length)).toEqual(before.subarray(64 + 2 * 56));
  });
});

describe("a file that no loader starts", () => {
  test.each([
    ["a script", Buffer.from("#!/bin/sh\n"), "This is no ELF program of 64 bits, low bytes first"],
    ["an empty file", Buffer.alloc(0), "This is no ELF program of 64 bits, low bytes first"],
    ["a program that was linked with all it needs", program(PT_LOAD), "This program names no loader"],
  ])("is %s", (_, file, reason) => {
    expect(() => withLoader(file, (loader) => loader)).toThrow(reason);
  });
});
