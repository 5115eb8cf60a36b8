import fc from "fast-check";
import { action, bare, join, listOf, rarely, type Words } from "./combinators.js";
import type { Case } from "./engine.js";
import { grammarOf } from "./expressions.js";
import { anyMutation, mutated } from "./mutation.js";
import { JSON_LISTS, JSON_OBJECTS, KEYS, PIECES, STORED } from "./words.js";

/** A case of any shape: mostly templates that mean something, some with a mistake in types, some broken in their text. */
export function anyCase(): fc.Arbitrary<Case> {
  const whole = anyTemplate();
  const broken = fc.tuple(whole, fc.array(anyMutation, { minLength: 1, maxLength: 3 })).map(mutated);
  return fc.record({
    template: fc.oneof({ arbitrary: whole, weight: 9 }, { arbitrary: broken, weight: 1 }),
    store: anyStore,
  });
}

const anyStore = fc
  .array(fc.tuple(fc.constantFrom(...KEYS), fc.constantFrom(...STORED)), { minLength: 3, maxLength: 12 })
  .map((entries) => ({
    "/json": JSON_OBJECTS[0],
    "/list": JSON_LISTS[0],
    "/a/b": "1",
    ...Object.fromEntries(entries),
  }));

/** A template as a whole: a variable of each name, then steps, perhaps with definitions around them. */
function anyTemplate(): Words {
  const { body, pipe } = grammarOf(stepOf);
  const first = pipe.map((value) => `{{$x := ${value.replaceAll(/\$[xyiv](\.\w+)*/g, '"a"')}}}`);
  const others = fc.constantFrom(
    ...["1", '"a"', "1.5", "seq 1 3", 'gets "/a/*"', 'json (getv "/json")'].map((value) =>
      VARIABLES.replace("VALUE", value),
    ),
  );
  const definition = (name: string): Words => join(['{{define "', name, '"}}{{$x := .}}', others, body, "{{end}}"]);
  const main = join([first, others, body]);
  return fc
    .oneof(
      { arbitrary: main, weight: 6 },
      { arbitrary: join([definition("p"), main, '{{template "p" $x}}']), weight: 1 },
      { arbitrary: join([main, '{{template "q"}}', definition("q"), definition("p")]), weight: 1 },
    )
    .map(withOwnBlocks);
}

const VARIABLES = '{{$y := VALUE}}{{$i := 0}}{{$v := "v"}}';

/** Blocks of one name cannot be defined twice. */
function withOwnBlocks(template: string): string {
  let count = 0;
  return template.replaceAll("block NAME", () => `block "b${count++}"`);
}

/** What steps are made of. */
export interface Inside {
  readonly pipe: Words;
  readonly bool: Words;
  readonly body: Words;
  readonly ranged: Words;
}

function stepOf({ pipe, bool, body, ranged }: Inside): Words {
  const otherwise = fc.oneof(fc.constant(""), join([action(fc.constant("else")), body]));
  const orIf = fc.oneof(otherwise, join([action(join(["else if ", bool.map(bare)])), body, otherwise]));
  const block = (head: Words, tail: Words): Words => join([action(head), body, tail, action(fc.constant("end"))]);
  const weighted: readonly (readonly [number, Words])[] = [
    [5, action(pipe)],
    [3, listOf(fc.constantFrom(...PIECES), "", 0, 5)],
    [1, fc.constantFrom("{{/* c */}}", "{{- /* {{x}} \n */ -}}", "{{/**/ -}}", " {{- /*é*/}}")],
    [
      1,
      join([
        fc.constantFrom("", " ", "\n"),
        action(join([fc.constantFrom("$x := ", "$y = ", "$x:=", "$x = "), pipe])),
        fc.constantFrom("", "\n ", "\t"),
      ]),
    ],
    [2, block(join(["if ", fc.oneof(bool.map(bare), pipe)]), orIf)],
    [1, block(join([fc.constantFrom("with ", "with $v := ", "if $v := "), pipe]), otherwise)],
    [1, block(join([fc.constantFrom("range ", "range $v := ", "range $x := "), ranged]), otherwise)],
    [
      2,
      join([
        action(join(["range $i, $v := ", ranged])),
        body,
        fc.constantFrom(...JUMPS),
        body,
        otherwise,
        action(fc.constant("end")),
      ]),
    ],
    [
      1,
      rarely(
        block(join(["block NAME ", pipe]), fc.constant("")).map((text) =>
          text.replace(/(block NAME.*?\}\})/, `$1{{$x := .}}${VARIABLES.replace("VALUE", "2")}`),
        ),
        action(fc.constant('template "nope"')),
      ),
    ],
  ];
  return fc.oneof(
    { maxDepth: 2, depthIdentifier: "step" },
    ...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })),
  );
}

const JUMPS = [
  "",
  "{{break}}",
  "{{continue}}",
  "{{if eq $i 1}}{{continue}}{{end}}",
  "{{if $i}}{{break}}{{end}}",
  "{{$i}}",
  "{{$v}}",
  "{{if $i}},{{end}}",
  "{{.}}",
];
