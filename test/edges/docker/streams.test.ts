import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { printedIn } from "../../../src/edges/docker/streams.js";

function frame(kind: number, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header[0] = kind;
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

const frames = fc.array(fc.record({ kind: fc.constantFrom(1, 2), bytes: fc.uint8Array({ maxLength: 40 }) }));

describe("what a program in a container has printed", () => {
  test("comes in frames, each of one stream", () => {
    fc.assert(
      fc.property(frames, (all) => {
        const of = (kind: number) => Buffer.concat(all.filter((each) => each.kind === kind).map(({ bytes }) => bytes));
        const { stdout, stderr } = printedIn(Buffer.concat(all.map(({ kind, bytes }) => frame(kind, bytes))));
        expect([stdout, stderr]).toEqual([of(1), of(2)]);
      }),
    );
  });

  test("is what there is of it, whatever it is", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const { stdout, stderr } = printedIn(Buffer.from(bytes));
        expect(stdout.length + stderr.length).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
