import { expect, test } from "vitest";
import { keysIn } from "../../src/display/keys.js";

test.each([
  ["/api\r", ["/", "a", "p", "i", "\r"]],
  ["j\u001b[B\u001b[5~\u001bOAq", ["j", "\u001b[B", "\u001b[5~", "\u001bOA", "q"]],
  ["\u001b", ["\u001b"]],
  ["\u001b\u0003", ["\u001b", "\u0003"]],
  ["é😀", ["é", "😀"]],
  ["", []],
])("What was typed at once is told key by key, a special key as one: %j", (sent, keys) => {
  expect(keysIn(sent)).toEqual(keys);
});
