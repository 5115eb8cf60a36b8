import { type Bytes, LONGEST_TEXT, TOO_LONG } from "../go-values/bytes.js";
import { show } from "../go-values/print.js";
import { goQuote } from "../go-values/quote.js";
import { Callable, Dict, type GoInt, type GoValue, isTrue, List, TypedInt } from "../go-values/values.js";
import { type BranchNode, type PipeNode, type Step, type TemplateNode } from "./nodes.js";
import { compilePipe } from "./pipes.js";
import { type Act, type Flow, lastSeen, type Run, Unit, type Source } from "./unit.js";

/** How deep templates may call each other; Go's own limit is beyond what a stack holds here. */
const MAX_DEPTH = 1000;

/** More turns of all ranges, and calls of templates, than any file has lines. */
const MOST_TURNS = 20_000_000;

/** Makes a template ready under its name. */
export function compileBody(source: Source, name: Bytes, steps: readonly Step[]): void {
  source.bodies.set(name, { act: compileSteps(new Unit(source, name), steps) });
}

function compileSteps(unit: Unit, steps: readonly Step[]): Act {
  const acts = steps.map((step) => compileStep(unit, step));
  return (run, dot) => {
    for (const act of acts) {
      const flow = act(run, dot);
      if (flow !== "next") return flow;
    }
    return "next";
  };
}

function compileStep(unit: Unit, step: Step): Act {
  switch (step.kind) {
    case "text": {
      const { text } = step;
      return (run) => {
        run.out += text;
        return "next";
      };
    }
    case "action":
      return compileAction(unit, step.pipe);
    case "if":
    case "with":
      return unit.scoped(() => compileCondition(unit, step));
    case "range":
      return unit.scoped(() => compileRange(unit, step));
    case "template":
      return compileTemplate(unit, step);
    case "break":
    case "continue": {
      const { kind } = step;
      return () => kind;
    }
  }
}

function compileAction(unit: Unit, pipe: PipeNode): Act {
  const value = compilePipe(unit, pipe);
  if (pipe.variables.length > 0) {
    return (run, dot) => {
      value(run, dot);
      return "next";
    };
  }
  return (run, dot) => {
    const result = value(run, dot);
    if (result instanceof Callable) unit.fail(lastSeen(pipe), `can't print of type ${result.type.name}`);
    run.out += result === undefined ? "<no value>" : show(result);
    if (run.out.length > LONGEST_TEXT) unit.fail(lastSeen(pipe), TOO_LONG);
    return "next";
  };
}

function compileCondition(unit: Unit, { kind, pipe, body, otherwise }: BranchNode): Act {
  const value = compilePipe(unit, pipe);
  // What the body declares is not there in the else, though the parser, as Go's, lets it be named there.
  const then = unit.scoped(() => compileSteps(unit, body));
  const or = compileSteps(unit, otherwise);
  return (run, dot) => {
    const result = value(run, dot);
    if (!isTrue(result)) return or(run, dot);
    return then(run, kind === "with" ? result : dot);
  };
}

function compileRange(unit: Unit, { pipe, body, otherwise }: BranchNode): Act {
  const value = compilePipe(unit, pipe);
  const [first, second] = pipe.variables.map(({ name }) => unit.find(name));
  const keySlot = second === undefined ? -1 : (first ?? -1);
  const valueSlot = second ?? first ?? -1;
  const each = unit.scoped(() => compileSteps(unit, body));
  const or = compileSteps(unit, otherwise);

  /** One turn; false after a `break`. */
  const turn = (run: Run, key: GoValue, item: GoValue): boolean => {
    if (++run.turns > MOST_TURNS) return unit.fail(lastSeen(pipe), `more than ${MOST_TURNS} turns`);
    if (valueSlot >= 0) run.vars[valueSlot] = item;
    if (keySlot >= 0) run.vars[keySlot] = key;
    if (run.out.length > LONGEST_TEXT) unit.fail(lastSeen(pipe), TOO_LONG);
    return each(run, item) !== "break";
  };
  const overList = (run: Run, { items }: List): void => {
    for (const [index, item] of items.entries()) if (!turn(run, index, item)) return;
  };
  const overDict = (run: Run, dict: Dict): void => {
    for (const key of dict.keys()) if (!turn(run, key, dict.entries.get(key))) return;
  };
  const overInt = (run: Run, count: GoInt, wrap: (index: number) => GoValue): void => {
    for (let index = 0; index < count; index++) if (!turn(run, undefined, wrap(index))) return;
  };

  return (run, dot): Flow => {
    const result = value(run, dot);
    if (result === undefined) return or(run, dot);
    const count = countOf(result);
    if (count === undefined) return unit.fail(lastSeen(pipe), `range can't iterate over ${show(result)}`);
    if (second !== undefined && !(result instanceof List) && !(result instanceof Dict)) {
      return unit.fail(lastSeen(pipe), `can't use ${String(count)} to iterate over more than one variable`);
    }
    if (count <= 0) return or(run, dot);
    if (result instanceof List) overList(run, result);
    else if (result instanceof Dict) overDict(run, result);
    else if (result instanceof TypedInt) overInt(run, count, (index) => new TypedInt(result.type, index));
    else overInt(run, count, (index) => index);
    return "next";
  };
}

/** How often a range over this value turns; undefined when there is none. */
function countOf(value: GoValue): GoInt | undefined {
  if (value instanceof List) return value.items.length;
  if (value instanceof Dict) return value.entries.size;
  if (value instanceof TypedInt) return value.value;
  return typeof value === "number" || typeof value === "bigint" ? value : undefined;
}

function compileTemplate(unit: Unit, node: TemplateNode): Act {
  const { bodies } = unit.source;
  const value = node.pipe === undefined ? () => undefined : compilePipe(unit, node.pipe);
  return (run, dot) => {
    const body = bodies.get(node.name);
    if (body === undefined) return unit.fail(node, `template ${goQuote(node.name)} not defined`);
    if (run.out.length > LONGEST_TEXT) unit.fail(node, TOO_LONG);
    if (run.depth === MAX_DEPTH) unit.fail(node, `exceeded maximum template depth (${MAX_DEPTH})`);
    if (++run.turns > MOST_TURNS) unit.fail(node, `more than ${MOST_TURNS} turns`);
    const arg = value(run, dot);
    const { vars } = run;
    run.vars = [arg];
    run.depth++;
    body.act(run, arg);
    run.depth--;
    run.vars = vars;
    return "next";
  };
}
