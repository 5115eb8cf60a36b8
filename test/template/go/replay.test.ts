import { describe, expect, test } from "vitest";
import { agree, render } from "../../oracle/engine.js";
import { stored } from "../../oracle/stored.js";

describe("templates made by chance", () => {
  test("become what Go has made of them", () => {
    const cases = stored();
    expect(cases.length).toBeGreaterThanOrEqual(2000);
    const different = cases.filter(({ asked, theirs }) => !agree(render(asked), theirs));
    expect(different.map(({ asked }) => asked)).toEqual([]);
  });
});
