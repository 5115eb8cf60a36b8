import { expect, test } from "vitest";
import { JuteReader, JuteWriter } from "../../../src/edges/zookeeper/jute.js";

/** What stands behind the length of a packet. */
function packetOf(fill: (writer: JuteWriter) => unknown): JuteReader {
  const writer = new JuteWriter();
  fill(writer);
  return new JuteReader(writer.packet().subarray(4));
}

test("names are read as many as there are, and room is made for no more than there can be", () => {
  expect(packetOf((writer) => writer.int(3).text("a").text("").text("é")).texts()).toEqual(["a", "", "é"]);
  expect(packetOf((writer) => writer.int(-1)).texts()).toEqual([]);
  const before = process.memoryUsage().rss;
  for (let answer = 0; answer < 10; answer++)
    expect(() => packetOf((writer) => writer.int(30_000_000).text("a")).texts()).toThrow(RangeError);
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1_024 * 1_024);
});
