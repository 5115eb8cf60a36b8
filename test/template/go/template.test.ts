import { describe, expect, test } from "vitest";
import { snapshotOf } from "../../../src/core/model/snapshot.js";
import { HecdError } from "../../../src/errors.js";
import { compileGo } from "../../../src/template/go-template.js";
import { bytesOf, textOf } from "../../../src/template/go-values/bytes.js";
import {
  ANY,
  Callable,
  Dict,
  type Functions,
  type GoFunction,
  type GoType,
  type GoValue,
  INT,
  intOf,
  type Method,
  OBJECT,
  STRING,
  Struct,
  TypedInt,
} from "../../../src/template/go-values/values.js";
import { parseTemplate } from "../../../src/template/go/template.js";

const NONE: Functions = new Map();

function rendered(text: string, data?: GoValue, functions: Functions = NONE): string {
  return textOf(parseTemplate("t", bytesOf(text), functions).execute(data, functions));
}

function faultOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    if (error instanceof HecdError) return error.fault;
    throw error;
  }
  return undefined;
}

test.each([
  ["{{range 30000000}}{{end}}", "more than 20000000 turns"],
  [
    '{{$x := "aaaaaaaaaaaaaaaa"}}{{range seq 1 60}}{{$x = printf "%s%s" $x $x}}{{end}}',
    "the text would be longer than 33554432 bytes",
  ],
  ['{{range seq 1 1000}}{{repeat 1000000 "a"}}{{end}}', "the text would be longer than 33554432 bytes"],
])("a template that would not end, or fill the memory, is an error: %s", (source, words) => {
  const input = { snapshot: snapshotOf(1n, []), prefix: "/", env: {} };
  expect(() => compileGo("t", source).render(input)).toThrow(words);
});

describe("a Go template", () => {
  test("is parsed once and keeps nothing of an execution", () => {
    const template = parseTemplate("t", "{{$x := .}}{{range 2}}{{$x}}{{$x = 0}}{{end}}", NONE);
    expect(template.execute("a", NONE)).toBe("a0");
    expect(template.execute("b", NONE)).toBe("b0");
  });

  test("calls the functions of the execution, not those it was parsed with", () => {
    const answer = (value: string): Functions => new Map([["who", { params: [], call: () => value }]]);
    const template = parseTemplate("t", "{{who}}", answer("parsed"));
    expect(template.execute(undefined, answer("first"))).toBe("first");
    expect(template.execute(undefined, answer("second"))).toBe("second");
  });

  test("lets a given function go before a built-in one", () => {
    const functions: Functions = new Map([["len", { params: [ANY], call: () => "mine" }]]);
    expect(rendered('{{len "abc"}}', undefined, functions)).toBe("mine");
  });

  test("lets a function be called break, as templates from before that word had it", () => {
    const functions: Functions = new Map([["break", { params: [], call: () => "fn" }]]);
    expect(rendered("{{break}}", undefined, functions)).toBe("fn");
  });

  test("names template, line and Go's message when it cannot be parsed", () => {
    expect(faultOf(() => parseTemplate("é.tmpl", bytesOf("a\n{{ü}}"), NONE))).toEqual({
      code: "template-invalid",
      template: "é.tmpl",
      line: 2,
      reason: 'template: é.tmpl:2: function "ü" not defined',
    });
  });

  test("names template, line and Go's message when it cannot be executed", () => {
    expect(
      faultOf(() => parseTemplate("é.tmpl", bytesOf('é\né {{len "é" | len}}'), NONE).execute(undefined, NONE)),
    ).toEqual({
      code: "template-invalid",
      template: "é.tmpl",
      line: 2,
      reason: 'template: é.tmpl:2:16: executing "é.tmpl" at <len>: error calling len: len of type int',
    });
  });

  test("quotes the whole error of a template that a function has rendered", () => {
    const inner: GoFunction = {
      params: [],
      call: () => parseTemplate("in", "{{len 1}}", NONE).execute(undefined, NONE),
    };
    const functions: Functions = new Map([["include", inner]]);
    expect(faultOf(() => rendered("{{include}}", undefined, functions))).toMatchObject({
      template: "t",
      reason:
        'template: t:1:2: executing "t" at <include>: error calling include: ' +
        'template: in:1:2: executing "in" at <len 1>: error calling len: len of type int',
    });
  });

  test("does not take a defect of a function for an error of the template", () => {
    const functions: Functions = new Map([
      [
        "broken",
        {
          params: [],
          call: () => {
            throw new TypeError("a defect");
          },
        },
      ],
    ]);
    expect(() => rendered("{{broken}}", undefined, functions)).toThrow(TypeError);
  });

  test("refuses nesting that the stack does not hold", () => {
    const deep = `{{${"(".repeat(20_000)}1${")".repeat(20_000)}}}`;
    expect(faultOf(() => rendered(deep))).toMatchObject({ reason: "template: t: nested too deeply" });
  });

  test("keeps integers exact to 64 bits and wraps beyond", () => {
    const functions: Functions = new Map([
      ["next", { params: [INT], call: ([int]) => intOf(BigInt(Number(int)) * 0n + 2n ** 63n) }],
    ]);
    expect(rendered("{{next 1}} {{9007199254740993}}", undefined, functions)).toBe(
      "-9223372036854775808 9007199254740993",
    );
  });
});

describe("a value with methods", () => {
  const MONTH: GoType = { name: "time.Month", kind: "int", text: () => "November" };
  const MOMENT: GoType = {
    name: "time.Time",
    kind: "struct",
    fields: [],
    text: () => "2026-11-21",
    methods: new Map<string, Method>([
      ["Year", { params: [], call: () => 2026 }],
      ["Month", { params: [], call: () => new TypedInt(MONTH, 11) }],
      ["Format", { params: [STRING], call: (_, [layout]) => `as ${layout === "x" ? "x" : "?"}` }],
    ]),
  };
  const moment = new Struct(MOMENT, []);

  test("is printed by its method String, but not in Go syntax", () => {
    expect(rendered('{{.}} {{printf "%s|%v|%d|%#v" . . . .}}', moment)).toBe(
      "2026-11-21 2026-11-21|2026-11-21|{}|time.Time{}",
    );
    expect(rendered('{{.Month}} {{printf "%s %d %02d %T" .Month .Month .Month .Month}}', moment)).toBe(
      "November November 11 11 time.Month",
    );
  });

  test("has its methods called like fields, with arguments", () => {
    expect(rendered('{{.Year}} {{.Format "x"}} {{"x" | .Format}} {{(.Format "x") | len}}', moment)).toBe(
      "2026 as x as x 4",
    );
    expect(rendered("{{if eq .Month 11}}yes{{end}}", moment)).toBe("yes");
  });

  test("refuses what it does not have, and wrong arguments", () => {
    expect(faultOf(() => rendered("{{.Nope}}", moment))).toMatchObject({
      reason: 'template: t:1:2: executing "t" at <.Nope>: can\'t evaluate field Nope in type time.Time',
    });
    expect(faultOf(() => rendered("{{.Format 1}}", moment))).toMatchObject({
      reason: 'template: t:1:10: executing "t" at <1>: expected string; found 1',
    });
  });
});

describe("a function as a value", () => {
  const double: GoFunction = {
    params: [STRING],
    call: ([text]) => (typeof text === "string" ? text + text : undefined),
  };
  const data = new Dict(OBJECT, new Map([["f", new Callable(double)]]));

  test("is called by call", () => {
    expect(rendered('{{call .f "ab"}}', data)).toBe("abab");
  });

  test("is neither printed nor given wrong arguments", () => {
    expect(faultOf(() => rendered("{{.f}}", data))).toBeDefined();
    expect(faultOf(() => rendered("{{call .f}}", data))).toMatchObject({
      reason: 'template: t:1:2: executing "t" at <call .f>: error calling call: wrong number of args: got 0 want 1',
    });
    expect(faultOf(() => rendered("{{call .f 1}}", data))).toMatchObject({
      reason:
        'template: t:1:2: executing "t" at <call .f 1>: error calling call: arg 0: value has type int; should be string',
    });
  });
});
