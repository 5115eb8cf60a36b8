import type { Bytes } from "../go-values/bytes.js";
import { goMessageOf } from "../go-values/errors.js";
import { goQuote } from "../go-values/quote.js";
import {
  ANY,
  canBeNil,
  Float,
  type GoType,
  type GoValue,
  INT,
  isAssignable,
  isTrue,
  nilOf,
  type Signature,
  STRING,
  TypedInt,
  typeOf,
  VALUE,
} from "../go-values/values.js";
import { compileFields } from "./fields.js";
import { type Operand, type Place, sourceOf } from "./nodes.js";
import { compilePipe } from "./pipes.js";
import { type CompiledCommand, type Evaluate, lastSeen, type Run, type Unit } from "./unit.js";

/** What is called: its name for messages, and how it is reached once its arguments are there. */
export interface Callee {
  readonly name: Bytes;
  readonly signature: Signature;
  readonly invoke: (run: Run, args: readonly GoValue[], self: GoValue) => GoValue;
}

/** What a function, method or field is given: the words after it, and perhaps a value from the command before. */
export interface CallArguments {
  readonly words: readonly Operand[];
  readonly piped: boolean;
}

/** Nothing at all. */
export const NOTHING: CallArguments = { words: [], piped: false };

/** Where a call stands: the node whose number of arguments is blamed, and the one that is blamed when the call fails. */
export interface CallPlaces {
  readonly callee: Place;
  readonly call: Place;
}

/** Makes a call ready: arguments are converted to what the function wants, and counted now though refused only when it runs. */
export function compileCall(
  unit: Unit,
  callee: Callee,
  { words: args, piped }: CallArguments,
  places: CallPlaces,
): CompiledCommand {
  const { name, signature } = callee;
  const { params, rest } = signature;
  const count = args.length + (piped ? 1 : 0);
  if (rest === undefined ? count !== params.length : count < params.length) {
    const want =
      rest === undefined ? `want ${params.length} got ${count}` : `want at least ${params.length} got ${args.length}`;
    return () => unit.fail(places.callee, `wrong number of args for ${name}: ${want}`);
  }
  if (signature.results !== undefined) {
    const words = `can't call method/function ${goQuote(name)} with ${signature.results} results`;
    return () => unit.fail(places.callee, words);
  }
  const evaluations = args.map((arg, index) => compileArg(unit, arg, params[index] ?? rest ?? ANY));
  const lastArg = args.at(-1);
  const converter = piped
    ? converting(unit, params[count - 1] ?? rest ?? ANY, lastArg === undefined ? places.callee : lastSeen(lastArg))
    : undefined;
  return (run, dot, final, self) => {
    const values: GoValue[] = [];
    for (const evaluate of evaluations) values.push(evaluate(run, dot));
    if (converter !== undefined) values.push(converter(final));
    try {
      return callee.invoke(run, values, self);
    } catch (error) {
      const words = goMessageOf(error);
      if (words === undefined) throw error;
      return unit.fail(places.call, `error calling ${name}: ${words}`);
    }
  };
}

/** `and` and `or`: the first argument that decides, or the last one; those after it are not looked at. */
function compileShortCircuit(
  unit: Unit,
  name: "and" | "or",
  { words: args, piped }: CallArguments,
  callee: Place,
): CompiledCommand {
  if (args.length === 0 && !piped)
    return () => unit.fail(callee, `wrong number of args for ${name}: want at least 1 got 0`);
  const evaluations = args.map((arg) => compileArg(unit, arg, VALUE));
  const decides = name === "or";
  return (run, dot, final) => {
    let value: GoValue;
    for (const evaluate of evaluations) {
      value = evaluate(run, dot);
      if (isTrue(value) === decides) return value;
    }
    return piped ? final : value;
  };
}

/** Makes an argument ready for a parameter of this type. Constants take the type on; other values must have it. */
export function compileArg(unit: Unit, node: Operand, type: GoType): Evaluate {
  const convert = converting(unit, type, lastSeen(node));
  switch (node.kind) {
    case "dot":
      return (_run, dot) => convert(dot);
    case "nil": {
      if (!canBeNil(type)) return () => unit.fail(node, `cannot assign nil to ${type.name}`);
      const nil = nilOf(type);
      return () => nil;
    }
    case "variable": {
      const slot = unit.find(node.name);
      if (node.path.length === 0 && slot >= 0) return (run) => convert(run.vars[slot]);
      return converted(compileFields(unit, node, NOTHING, { call: node, callee: node }), convert);
    }
    case "field":
    case "chain":
      return converted(compileFields(unit, node, NOTHING, { call: node, callee: node }), convert);
    case "identifier":
      return converted(compileFunction(unit, node, NOTHING, node), convert);
    case "pipe": {
      const pipe = compilePipe(unit, node);
      return (run, dot) => convert(pipe(run, dot));
    }
    case "bool":
    case "number":
    case "string":
      return compileConstant(unit, node, type);
  }
}

/** Makes the call of a named function ready. */
export function compileFunction(
  unit: Unit,
  node: Extract<Operand, { kind: "identifier" }>,
  args: CallArguments,
  call: Place,
): CompiledCommand {
  const { name } = node;
  const places = { callee: node, call };
  const given = unit.source.given(name);
  if (given !== undefined) {
    const { signature, index } = given;
    const invoke = (run: Run, values: readonly GoValue[]): GoValue => run.functions[index]?.call(values);
    return compileCall(unit, { name, signature, invoke }, args, places);
  }
  if (name === "and" || name === "or") return compileShortCircuit(unit, name, args, node);
  const builtin = unit.source.builtins.get(name);
  if (builtin === undefined) return () => unit.fail(node, `${goQuote(name)} is not a defined function`);
  const invoke = (_run: Run, values: readonly GoValue[]): GoValue => builtin.call(values);
  return compileCall(unit, { name, signature: builtin, invoke }, args, places);
}

function converted(command: CompiledCommand, convert: (value: GoValue) => GoValue): Evaluate {
  return (run, dot) => convert(command(run, dot, undefined));
}

/** The check that a value has a type, with what Go lets pass: nil where there can be one, and named types of the same inside. */
function converting(unit: Unit, type: GoType, place: Place): (value: GoValue) => GoValue {
  if (type === VALUE) return (value) => value;
  if (type === ANY) return (value) => value ?? null;
  return (value) => {
    if (type === STRING && typeof value === "string") return value;
    if (type === INT && typeof value === "number") return value;
    const from = typeOf(value);
    if (from === undefined)
      return canBeNil(type) ? nilOf(type) : unit.fail(place, `invalid value; expected ${type.name}`);
    if (isAssignable(from, type)) return value;
    return unit.fail(place, `wrong type for value; expected ${type.name}; got ${from.name}`);
  };
}

function compileConstant(
  unit: Unit,
  node: Extract<Operand, { kind: "bool" | "number" | "string" }>,
  type: GoType,
): Evaluate {
  const constant = constantOf(node, type);
  if ("words" in constant) return () => unit.fail(node, constant.words);
  const { value } = constant;
  return () => value;
}

function constantOf(
  node: Extract<Operand, { kind: "bool" | "number" | "string" }>,
  type: GoType,
): { readonly value: GoValue } | { readonly words: Bytes } {
  switch (type.kind) {
    case "interface":
      return node.kind === "number" ? node.value.ideal : { value: node.value };
    case "bool":
      return node.kind === "bool" ? { value: node.value } : { words: `expected bool; found ${sourceOf(node)}` };
    case "string":
      return node.kind === "string" ? { value: node.value } : { words: `expected string; found ${sourceOf(node)}` };
    case "int":
    case "uint": {
      const int = node.kind === "number" ? node.value.int : undefined;
      if (int === undefined || (type.kind === "uint" && int < 0)) {
        return { words: `expected ${type.kind === "uint" ? "unsigned integer" : "integer"}; found ${sourceOf(node)}` };
      }
      return { value: type === INT ? int : new TypedInt(type, int) };
    }
    case "float": {
      const float = node.kind === "number" ? node.value.float : undefined;
      return float === undefined ? { words: `expected float; found ${sourceOf(node)}` } : { value: new Float(float) };
    }
    case "complex": {
      const complex = node.kind === "number" ? node.value.complex : undefined;
      return complex === undefined ? { words: `expected complex; found ${sourceOf(node)}` } : { value: complex };
    }
    case "slice":
    case "map":
    case "struct":
    case "pointer":
    case "func":
      return { words: `can't handle ${sourceOf(node)} for arg of type ${type.name}` };
  }
}
