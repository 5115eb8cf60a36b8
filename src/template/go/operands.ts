import type { Bytes } from "../go-values/bytes.js";
import { GoError } from "../go-values/errors.js";
import { goQuote, unquote } from "../go-values/quote.js";
import type { TokenKind } from "./lexer.js";
import { type CommandNode, type Operand, type PipeNode, sourceOf, type VariableNode } from "./nodes.js";
import { parseComplex, parseNumber, parseRune } from "./numbers.js";
import type { Tokens } from "./tokens.js";

/** What may be named where parsing is: the functions, and the variables declared so far. */
export interface ParseScope {
  hasFunction(name: Bytes): boolean;
  readonly variables: Bytes[];
}

/** The token kinds with which a command can begin. */
const OPERANDS: ReadonlySet<TokenKind> = new Set<TokenKind>([
  "bool", "char", "complex", "dot", "field", "identifier", "number", "nil", "raw string", "string", "variable", "left paren",
]); // prettier-ignore

const VALUES: ReadonlySet<Operand["kind"]> = new Set<Operand["kind"]>(["bool", "dot", "nil", "number", "string"]);

/** Declarations and commands up to `end`, which is consumed; `context` is what messages call it. */
export function parsePipe(tokens: Tokens, scope: ParseScope, context: string, end: "close" | "right paren"): PipeNode {
  const { at } = tokens.peekNonSpace();
  const { variables, sets } = parseDeclarations(tokens, scope, context);
  const commands: CommandNode[] = [];
  for (;;) {
    const token = tokens.peekNonSpace();
    if (token.kind === end) break;
    if (!OPERANDS.has(token.kind)) tokens.unexpected(tokens.next(), context);
    commands.push(parseCommand(tokens, scope));
  }
  tokens.next();
  if (commands.length === 0) tokens.fail(`missing value for ${context}`);
  const value = commands.findIndex((command, stage) => stage > 0 && VALUES.has(command.words[0].kind));
  if (value > 0) tokens.fail(`non executable command in pipeline stage ${value + 1}`);
  return { kind: "pipe", at, variables, sets, commands };
}

/** `$x :=`, `$x =`, and for `range` also `$i, $x :=`; nothing when the pipe just begins with a variable. */
function parseDeclarations(tokens: Tokens, scope: ParseScope, context: string): Pick<PipeNode, "variables" | "sets"> {
  const variables: VariableNode[] = [];
  for (;;) {
    const { kind, text, at } = tokens.peekNonSpace();
    if (kind !== "variable") return { variables, sets: "declared" };
    const mark = tokens.mark;
    tokens.next();
    const next = tokens.peekNonSpace();
    const isComma = next.kind === "punctuation" && next.text === ",";
    if (!isComma && next.kind !== "declare" && next.kind !== "assign") {
      tokens.backTo(mark);
      return { variables, sets: "declared" };
    }
    tokens.next();
    variables.push({ kind: "variable", at, name: text, path: [] });
    scope.variables.push(text);
    if (!isComma) return { variables, sets: next.kind === "assign" ? "assigned" : "declared" };
    if (context !== "range" || variables.length > 1) tokens.fail(`too many declarations in ${context}`);
    const { kind: after } = tokens.peekNonSpace();
    if (after !== "variable" && after !== "close" && after !== "right paren") {
      tokens.fail("range can only initialize variables");
    }
  }
}

/** Operands with blanks between them; a `|` after them is consumed, an end is not. */
function parseCommand(tokens: Tokens, scope: ParseScope): CommandNode {
  const { at } = tokens.peekNonSpace();
  const words: Operand[] = [];
  for (;;) {
    tokens.peekNonSpace();
    const operand = parseOperand(tokens, scope);
    if (operand !== undefined) words.push(operand);
    const token = tokens.peek();
    if (token.kind === "close" || token.kind === "right paren") break;
    tokens.next();
    if (token.kind === "pipe") break;
    if (token.kind !== "space") tokens.unexpected(token, "operand");
  }
  const [first, ...others] = words;
  if (first === undefined) tokens.fail("empty command");
  return { kind: "command", at, words: [first, ...others] };
}

/** A term and the fields after it; undefined when what comes next is no term. */
function parseOperand(tokens: Tokens, scope: ParseScope): Operand | undefined {
  const term = parseTerm(tokens, scope);
  if (term === undefined || tokens.peek().kind !== "field") return term;
  const { at } = tokens.peek();
  const path: Bytes[] = [];
  while (tokens.peek().kind === "field") path.push(tokens.next().text.slice(1));
  switch (term.kind) {
    case "field":
      return { ...term, at, path: [...term.path, ...path] };
    case "variable":
      return { ...term, at, path: [...term.path, ...path] };
    case "bool":
    case "string":
    case "number":
    case "nil":
    case "dot":
      return tokens.fail(`unexpected . after term ${goQuote(sourceOf(term))}`);
    case "identifier":
    case "chain":
    case "pipe":
      return { kind: "chain", at, of: term, path };
  }
}

function parseTerm(tokens: Tokens, scope: ParseScope): Operand | undefined {
  const { kind, text, at } = tokens.peekNonSpace();
  if (!OPERANDS.has(kind)) return undefined;
  tokens.next();
  if (kind === "left paren") return parsePipe(tokens, scope, "parenthesized pipeline", "right paren");
  if (kind === "dot" || kind === "nil") return { kind, at };
  if (kind === "field") return { kind, at, path: [text.slice(1)] };
  if (kind === "bool") return { kind, at, value: text === "true" };
  if (kind === "identifier") {
    if (!scope.hasFunction(text)) tokens.fail(`function ${goQuote(text)} not defined`);
    return { kind, at, name: text };
  }
  if (kind === "variable") {
    if (!scope.variables.includes(text)) tokens.fail(`undefined variable ${goQuote(text)}`);
    return { kind, at, name: text, path: [] };
  }
  if (kind === "string" || kind === "raw string") {
    return { kind: "string", at, text, value: literal(tokens, unquote, text) };
  }
  const parse = kind === "char" ? parseRune : kind === "complex" ? parseComplex : parseNumber;
  return { kind: "number", at, text, value: literal(tokens, parse, text) };
}

/** The value of a literal; a literal that is none ends the parsing. */
export function literal<T>(tokens: Tokens, parse: (text: Bytes) => T, text: Bytes): T {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof GoError) tokens.fail(error.message);
    throw error;
  }
}
