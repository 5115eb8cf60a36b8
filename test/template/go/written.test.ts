import { describe, expect, test } from "vitest";
import { textOf } from "../../../src/template/go-values/bytes.js";
import { render } from "../../oracle/engine.js";
import { BUILTINS } from "./builtins-cases.js";
import { STORE } from "./case-store.js";
import { COMPARISONS } from "./comparison-cases.js";
import { CONTROL } from "./control-cases.js";
import { GRAMMAR } from "./grammar-cases.js";
import { NEWER } from "./newer-cases.js";
import { PRINTF } from "./printf-cases.js";

describe.each(Object.entries({ ...GRAMMAR, ...CONTROL, ...COMPARISONS, ...BUILTINS, ...PRINTF, ...NEWER }))(
  "a Go template: %s",
  (_, cases) => {
    test.each(cases)("%j", (template, outcome) => {
      const answer = render({ template, store: STORE });
      const ours = "output" in answer ? textOf(answer.output) : answer;
      expect(ours).toEqual(outcome);
    });
  },
);
