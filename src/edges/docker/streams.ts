/** What a program in a container has printed, each of its two streams by itself. */
export interface Printed {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** A kind of one byte, three of nothing, a length of four. */
const HEADER = 8;

const STDERR = 2;

/**
 * Takes the frames apart in which an engine sends stdout and stderr over one connection; what is cut off at the end is left
 * out.
 *
 * Source: https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
 */
export function printedIn(bytes: Buffer): Printed {
  const streams: { readonly out: Buffer[]; readonly err: Buffer[] } = { out: [], err: [] };
  for (let at = 0; at + HEADER <= bytes.length;) {
    const end = at + HEADER + bytes.readUInt32BE(at + 4);
    (bytes[at] === STDERR ? streams.err : streams.out).push(bytes.subarray(at + HEADER, end));
    at = end;
  }
  return { stdout: Buffer.concat(streams.out), stderr: Buffer.concat(streams.err) };
}
