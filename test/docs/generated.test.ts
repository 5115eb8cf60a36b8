import { describe, expect, test } from "vitest";
import { generatedPart, textOf } from "../support/documents.js";
import { GENERATED } from "./generated.js";

describe("a part of a document that follows from the program", () => {
  test.each(GENERATED)("is what the program says now: $name in $page (npm run docs writes it)", async (part) => {
    expect(generatedPart(textOf(part.page), part.name)).toBe(await part.make());
  });
});
