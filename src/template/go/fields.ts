import type { Bytes } from "../go-values/bytes.js";
import {
  ANY,
  Complex,
  Dict,
  Float,
  type GoType,
  type GoValue,
  type Method,
  Struct,
  typeOf,
  VALUE,
} from "../go-values/values.js";
import { compileArg, type CallPlaces, compileCall, type CallArguments, NOTHING } from "./calls.js";
import type { ChainNode, FieldNode, Place, VariableNode } from "./nodes.js";
import { type CompiledCommand, type Evaluate, lastSeen, type Run, type Unit } from "./unit.js";

/** One field of a value, or a method with its arguments; `known` is what Go takes the value for where that is not its own type. */
type Access = (run: Run, dot: GoValue, final: GoValue, of: GoValue, known?: GoType) => GoValue;

/** Makes `.a.b`, `$x.a.b` or `(…).a.b` ready; the last name may be a method and gets the arguments. */
export function compileFields(
  unit: Unit,
  node: FieldNode | VariableNode | ChainNode,
  given: CallArguments,
  places: CallPlaces,
): CompiledCommand {
  const receiver = compileReceiver(unit, node);
  const blamed = node.kind === "chain" ? lastSeen(node.of) : node;
  const accesses = node.path.map((name, index) =>
    index === node.path.length - 1
      ? compileAccess(unit, { name, blamed }, given, { ...places, callee: blamed })
      : compileAccess(unit, { name, blamed }, NOTHING, { callee: blamed, call: node }),
  );
  const [only] = accesses;
  if (only !== undefined && accesses.length === 1)
    return (run, dot, final) => only(run, dot, final, receiver(run, dot));
  return (run, dot, final) => {
    let value = receiver(run, dot);
    let known: GoType | undefined;
    for (const access of accesses) {
      const next = access(run, dot, final, value, known);
      // What a map holds is known to Go as an interface only.
      known = value instanceof Dict ? ANY : undefined;
      value = next;
    }
    return value;
  };
}

function compileReceiver(unit: Unit, node: FieldNode | VariableNode | ChainNode): Evaluate {
  switch (node.kind) {
    case "field":
      return (_run, dot) => dot;
    case "variable": {
      const slot = unit.find(node.name);
      if (slot < 0) return () => unit.fail(node, `undefined variable: ${node.name}`);
      return (run) => run.vars[slot];
    }
    case "chain":
      if (node.of.kind === "nil") return () => unit.fail(node, `indirection through explicit nil in ${nilChain(node)}`);
      return compileArg(unit, node.of, VALUE);
  }
}

function nilChain(node: ChainNode): Bytes {
  return ["nil", ...node.path].join(".");
}

function compileAccess(
  unit: Unit,
  field: { readonly name: Bytes; readonly blamed: Place },
  given: CallArguments,
  places: CallPlaces,
): Access {
  const { name, blamed } = field;
  const methods = new Map<Method, CompiledCommand>();
  const hasArgs = given.words.length > 0 || given.piped;
  // What a method wants is not known before its value is there; the functions and variables among its arguments are.
  const here = unit.asNow();
  for (const word of given.words) compileArg(unit, word, ANY);
  const callMethod = (method: Method, ...[run, dot, final, of]: Parameters<Access>): GoValue => {
    let command = methods.get(method);
    if (command === undefined) {
      const invoke = (_run: Run, values: readonly GoValue[], self: GoValue): GoValue => method.call(self, values);
      command = compileCall(here, { name, signature: method, invoke }, given, places);
      methods.set(method, command);
    }
    return command(run, dot, final, of);
  };
  return (run, dot, final, of, known) => {
    if (of === undefined) return undefined;
    if (of === null) return unit.fail(blamed, `nil pointer evaluating interface {}.${name}`);
    if (of instanceof Dict) {
      const method = of.type.methods?.get(name);
      if (method !== undefined) return callMethod(method, run, dot, final, of);
      return hasArgs ? unit.fail(blamed, `${name} is not a method but has arguments`) : of.entries.get(name);
    }
    if (of instanceof Struct) {
      const index = of.type.fields?.indexOf(name) ?? -1;
      if (index >= 0) {
        return hasArgs
          ? unit.fail(blamed, `${name} has arguments but cannot be invoked as function`)
          : of.values[index];
      }
    }
    if (typeof of === "object" && !(of instanceof Float) && !(of instanceof Complex)) {
      const method = of.type.methods?.get(name);
      if (method !== undefined) return callMethod(method, run, dot, final, of);
    }
    if (of instanceof Struct && of.type.hiddenFields?.includes(name) === true) {
      return unit.fail(blamed, `${name} is an unexported field of struct type ${of.type.name}`);
    }
    const from = known !== undefined && !(of instanceof Struct) ? known : typeOf(of);
    return unit.fail(blamed, `can't evaluate field ${name} in type ${from?.name ?? ""}`);
  };
}
