/** Type of the program header that names the loader of shared libraries. */
const PT_INTERP = 3;

/** Where ELF, in its form of 64 bits and low bytes first, says what. */
const FILE = { headersAt: 32, headerSize: 54, headers: 56 };
const HEADER = { offset: 8, bytesInFile: 32 };

/** A program, made to start with another loader than the one that it was linked for. */
export function withLoader(program: Buffer, loaderFor: (before: string) => string): Buffer {
  const header = loaderHeaderOf(program);
  const at = Number(program.readBigUInt64LE(header + HEADER.offset));
  const path = Buffer.from(`${loaderFor(program.toString("utf8", at, program.indexOf(0, at)))}\0`);
  // The kernel reads the path from the file, wherever it stands there: at the end it may be of any length.
  const changed = Buffer.concat([program, path]);
  changed.writeBigUInt64LE(BigInt(program.length), header + HEADER.offset);
  changed.writeBigUInt64LE(BigInt(path.length), header + HEADER.bytesInFile);
  return changed;
}

function loaderHeaderOf(program: Buffer): number {
  const isSupported = program.toString("latin1", 0, 6) === "\u007fELF\u0002\u0001";
  if (!isSupported) throw new Error("This is no ELF program of 64 bits, low bytes first");
  const first = Number(program.readBigUInt64LE(FILE.headersAt));
  const size = program.readUInt16LE(FILE.headerSize);
  for (let index = 0; index < program.readUInt16LE(FILE.headers); index++) {
    const header = first + index * size;
    if (program.readUInt32LE(header) === PT_INTERP) return header;
  }
  throw new Error("This program names no loader");
}
