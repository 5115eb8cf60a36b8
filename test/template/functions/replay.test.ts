import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { renderWithFunctions, sameAnswer } from "../../oracle/function-engine.js";
import { storedFunctionCases } from "../../oracle/function-stored.js";

describe("calls made by chance", () => {
  beforeEach(() => void vi.stubEnv("TZ", "UTC"));
  afterEach(() => void vi.unstubAllEnvs());

  test("give what they give in Go, of the same type, or fail in the same words", () => {
    const cases = storedFunctionCases();
    expect(cases.length).toBeGreaterThanOrEqual(4500);
    const different = cases.filter(({ asked, theirs }) => !sameAnswer(renderWithFunctions(asked), theirs));
    expect(different.map(({ asked }) => asked.template)).toEqual([]);
  });
});
