/** Type of the program header that names the loader of shared libraries. */
const PT_INTERP = 3;

/** Where ELF, in its form of 64 bits and low bytes first, says what. */
const FILE = { headersAt: 32, headerSize: 54, headers: 56 };
const HEADER = { offset: 8, bytesInFile: 32 };

/** A program that was linked for one loader, made to start with another; also the path of the one that it had. */
export function withLoader(program: Buffer, loader: string): { readonly program: Buffer; readonly before: string } {
  const header = loaderHeaderOf(program);
  const at = Number(program.readBigUInt64LE(header + HEADER.offset));
  const size = Number(program.readBigUInt64LE(header + HEADER.bytesInFile));
  const path = Buffer.from(`${loader}\0`);
  // The kernel reads the path from the file, wherever it stands there: at the end it may be of any length.
  const changed = Buffer.concat([program, path]);
  changed.writeBigUInt64LE(BigInt(program.length), header + HEADER.offset);
  changed.writeBigUInt64LE(BigInt(path.length), header + HEADER.bytesInFile);
  return { program: changed, before: program.toString("utf8", at, at + size - 1) };
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
