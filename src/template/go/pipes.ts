import type { GoValue } from "../go-values/values.js";
import { compileFunction } from "./calls.js";
import { compileFields } from "./fields.js";
import { type CommandNode, type Operand, type PipeNode, sourceOf } from "./nodes.js";
import { type CompiledCommand, type Evaluate, lastSeen, type Unit } from "./unit.js";

/** Makes a pipe ready: each command's value is the last argument of the next, and the variables get the last one. */
export function compilePipe(unit: Unit, pipe: PipeNode): Evaluate {
  const value = compileCommands(unit, pipe.commands);
  if (pipe.variables.length === 0) return value;
  const slots = pipe.variables.map(({ name }) => (pipe.sets === "declared" ? unit.declare(name) : unit.find(name)));
  const missing = pipe.variables[slots.indexOf(-1)];
  if (missing !== undefined) {
    return (run, dot) => {
      value(run, dot);
      return unit.fail(lastSeen(pipe), `undefined variable: ${missing.name}`);
    };
  }
  return (run, dot) => {
    const result = value(run, dot);
    for (const slot of slots) run.vars[slot] = result;
    return result;
  };
}

/** A nil that comes out of a command is no value at all from then on. */
function compileCommands(unit: Unit, nodes: readonly CommandNode[]): Evaluate {
  const commands = nodes.map((node, index) => compileCommand(unit, node, index > 0 ? "later" : "first"));
  const [only] = commands;
  if (only !== undefined && commands.length === 1) return (run, dot) => only(run, dot, undefined) ?? undefined;
  return (run, dot) => {
    let value: GoValue;
    for (const command of commands) value = command(run, dot, value) ?? undefined;
    return value;
  };
}

function compileCommand(unit: Unit, node: CommandNode, place: "first" | "later"): CompiledCommand {
  const [first, ...words] = node.words;
  const given = { words, piped: place === "later" };
  if (first.kind === "identifier") return compileFunction(unit, first, given, node);
  if (first.kind === "field" || first.kind === "chain" || (first.kind === "variable" && first.path.length > 0)) {
    return compileFields(unit, first, given, { callee: first, call: first });
  }
  if (words.length > 0 || given.piped) {
    return () => unit.fail(first, `can't give argument to non-function ${sourceOf(first)}`);
  }
  return compileValue(unit, first);
}

function compileValue(unit: Unit, node: Exclude<Operand, { kind: "identifier" | "field" | "chain" }>): Evaluate {
  switch (node.kind) {
    case "pipe":
      return compilePipe(unit, node);
    case "variable": {
      const slot = unit.find(node.name);
      if (slot < 0) return () => unit.fail(node, `undefined variable: ${node.name}`);
      return (run) => run.vars[slot];
    }
    case "dot":
      return (_run, dot) => dot;
    case "nil":
      return () => unit.fail(node, "nil is not a command");
    case "number": {
      const { ideal } = node.value;
      if ("words" in ideal) return () => unit.fail(node, ideal.words);
      return () => ideal.value;
    }
    case "bool":
    case "string": {
      const { value } = node;
      return () => value;
    }
  }
}
