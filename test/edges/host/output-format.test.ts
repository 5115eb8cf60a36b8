import { describe, expect, test } from "vitest";
import { formatFault } from "../../../src/edges/host/output-format.js";

describe("an XML document", () => {
  test.each([
    "<a/>",
    "\ufeff<a/>",
    '<?xml version="1.0"?>\n<!DOCTYPE a [<!ELEMENT a ANY>]>\n<!-- x --><a b="1" c=\'2\'><b>x &amp; &#65;</b><![CDATA[<]]></a>\n',
    "<ä:b xmlns:ä='u'>text</ä:b>",
    "<a:b>text</a:b>",
    "<a></a ><!-- y -->\n",
    '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    '<!DOCTYPE a SYSTEM "a.dtd"><a>&x;</a>',
  ])("is %j", async (text) => {
    expect(await formatFault(text, "xml")).toBeUndefined();
  });

  test.each([
    ["", "1:0: document must contain a root element."],
    ["<a/><b/>", "1:7: documents may contain only one root."],
    ["<a><b></a>", "1:10: unexpected close tag."],
    ["<a>", "1:3: unclosed tag: a"],
    ["\n<a b=1/>", "2:6: unquoted attribute value."],
    ["<a>&</a>", "1:8: unclosed tag: a"],
    ["<a>&x;</a>", "1:6: undefined entity."],
    ["<!DOCTYPE a><a>&x;</a>", "1:18: undefined entity."],
    ["text<a/>", "1:5: text data outside of root node."],
    ["<a b='1' b='2'/>", "1:16: duplicate attribute: b."],
    ["<a b='<'/>", "1:7: disallowed character."],
    ["<a>]]></a>", '1:6: the string "]]>" is disallowed in char data.'],
    ["<a>\u0001</a>", "1:4: disallowed character."],
    ["<a>&#0;</a>", "1:7: malformed character entity."],
    ["<a><?xml version='1.0'?></a>", "1:9: an XML declaration must be at the start of the document."],
  ])("is not %j", async (text, fault) => {
    expect(await formatFault(text, "xml")).toBe(`The output is not valid xml: ${fault}`);
  });
});
