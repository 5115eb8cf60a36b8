import type { Bytes } from "../go-values/bytes.js";
import { goQuote } from "../go-values/quote.js";
import type { NumberLiteral } from "./numbers.js";

/** An element of an action that has a value. */
export type Operand =
  | { readonly kind: "bool"; readonly at: number; readonly value: boolean }
  | { readonly kind: "number"; readonly at: number; readonly text: Bytes; readonly value: NumberLiteral }
  | { readonly kind: "string"; readonly at: number; readonly text: Bytes; readonly value: Bytes }
  | { readonly kind: "nil"; readonly at: number }
  | { readonly kind: "dot"; readonly at: number }
  | { readonly kind: "identifier"; readonly at: number; readonly name: Bytes }
  | FieldNode
  | VariableNode
  | ChainNode
  | PipeNode;

/** `.a.b` */
export interface FieldNode {
  readonly kind: "field";
  readonly at: number;
  readonly path: readonly Bytes[];
}

/** `$x`, or `$x.a.b` with the path a, b. */
export interface VariableNode {
  readonly kind: "variable";
  readonly at: number;
  readonly name: Bytes;
  readonly path: readonly Bytes[];
}

/** Fields of anything else, as in `(get "/a").Value`. */
export interface ChainNode {
  readonly kind: "chain";
  readonly at: number;
  readonly of: Operand;
  readonly path: readonly Bytes[];
}

/** Commands that hand their values on, and the variables that get the last one. */
export interface PipeNode {
  readonly kind: "pipe";
  readonly at: number;
  readonly variables: readonly VariableNode[];
  readonly sets: "declared" | "assigned";
  readonly commands: readonly CommandNode[];
}

/** A function, method or value with its arguments. */
export interface CommandNode {
  readonly kind: "command";
  readonly at: number;
  readonly words: readonly [Operand, ...Operand[]];
}

/** What a template does, step by step. */
export type Step =
  | { readonly kind: "text"; readonly text: Bytes }
  | { readonly kind: "action"; readonly pipe: PipeNode }
  | BranchNode
  | TemplateNode
  | { readonly kind: "break" | "continue" };

/** `if`, `with` and `range`: `otherwise` is what follows `else`. */
export interface BranchNode {
  readonly kind: "if" | "with" | "range";
  readonly pipe: PipeNode;
  readonly body: readonly Step[];
  readonly otherwise: readonly Step[];
}

/** The call of another template. */
export interface TemplateNode {
  readonly kind: "template";
  readonly at: number;
  readonly name: Bytes;
  readonly pipe: PipeNode | undefined;
}

/** What an error can point at. */
export type Place = Operand | CommandNode | TemplateNode;

/** The source of a node in Go's normal form, for error messages. */
export function sourceOf(node: Place): Bytes {
  switch (node.kind) {
    case "bool":
      return String(node.value);
    case "number":
    case "string":
      return node.text;
    case "nil":
      return "nil";
    case "dot":
      return ".";
    case "identifier":
      return node.name;
    case "field":
      return `.${node.path.join(".")}`;
    case "variable":
      return [node.name, ...node.path].join(".");
    case "chain":
      return [inParens(node.of), ...node.path].join(".");
    case "pipe": {
      const variables = node.variables.map((variable) => sourceOf(variable)).join(", ");
      return (
        (variables === "" ? "" : `${variables} := `) + node.commands.map((command) => sourceOf(command)).join(" | ")
      );
    }
    case "command":
      return node.words.map(inParens).join(" ");
    case "template":
      return `{{template ${goQuote(node.name)}${node.pipe === undefined ? "" : ` ${sourceOf(node.pipe)}`}}}`;
  }
}

/** Whether steps leave nothing but blanks: such a template does not replace another one. */
export function isBlank(steps: readonly Step[]): boolean {
  return steps.every((step) => step.kind === "text" && /^\s*$/.test(step.text));
}

function inParens(node: Operand): Bytes {
  return node.kind === "pipe" ? `(${sourceOf(node)})` : sourceOf(node);
}
