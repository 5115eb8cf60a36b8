import type Handlebars from "handlebars";

/**
 * Has an engine look up every path strictly: what is printed must be there, also behind a block parameter, in text, and
 * in what a partial is given by name; and of a path that a function is given, all but the last name must be there.
 * Handlebars' own strict mode lets the first pass, and says of the others no line.
 */
export function lookStrictly(engine: typeof Handlebars): void {
  // The types of Handlebars know of neither, though its documents say how to replace them.
  const { Compiler, JavaScriptCompiler } = engine as unknown as Compilers;

  class StrictCompiler extends Compiler {
    override compiler = StrictCompiler;

    override opcode(name: string, ...args: unknown[]): void {
      const isStrict = this.sourceNode[0]?.strict;
      super.opcode(name, ...args, ...(name === "lookupBlockParam" ? [isStrict] : []));
    }

    override PartialStatement(partial: PartialCall): void {
      for (const { value } of partial.hash?.pairs ?? []) if (value.type === "PathExpression") asPrinted(value);
      super.PartialStatement(partial);
    }
  }

  class StrictCode extends JavaScriptCompiler {
    override compiler = StrictCode;

    override lookupBlockParam([depth, at]: Place, parts: readonly [string, ...string[]], isStrict?: boolean): void {
      this.useBlockParams = true;
      // A partial does not see the block parameters around it.
      this.push([`(blockParams[${depth}] ?? `, this.#strict("{}", parts[0]), `)[${at}]`]);
      this.resolvePath("context", parts, 1, false, isStrict);
    }

    override resolvePath(type: string, parts: readonly string[], start: number, _: unknown, isStrict?: boolean): void {
      let code = this.popStack();
      for (const [index, name] of parts.entries()) {
        if (index < start) continue;
        const isPrinted = isStrict && index === parts.length - 1;
        code = isPrinted ? this.#strict(["Object(", code, ")"], name) : this.nameLookup(code, name, type);
      }
      this.push(code);
    }

    override nameLookup(parent: Code, name: string, type: string): Code {
      const isOfData = type === "context" || type === "data";
      return super.nameLookup(isOfData ? ["(", parent, " ?? ", this.#strict("null", name), ")"] : parent, name, type);
    }

    #strict(parent: Code, name: string): Code {
      const place = JSON.stringify(this.source.currentLocation);
      return [this.aliasable("container.strict"), "(", parent, ", ", this.quotedString(name), ", ", place, ")"];
    }
  }

  Object.assign(engine, { Compiler: StrictCompiler, JavaScriptCompiler: StrictCode });
}

/** Has Handlebars take a path as it takes one that is printed. */
function asPrinted(path: hbs.AST.Expression & { strict?: boolean }): void {
  path.strict = true;
}

/** How many blocks further out a block parameter is named, and at which place there. */
type Place = readonly [depth: number, at: number];

/** Pieces of JavaScript. */
type Code = string | readonly Code[];

/** A partial as the parser gives it, which the types have with a hash always. */
interface PartialCall {
  readonly hash?: hbs.AST.Hash;
}

/** What is used here of the engine's two steps: from the tree to operations, and from these to JavaScript. */
interface Compilers {
  readonly Compiler: new () => {
    compiler: unknown;
    /** What is being compiled, the innermost first. */
    readonly sourceNode: readonly { readonly strict?: boolean }[];
    opcode(name: string, ...args: unknown[]): void;
    PartialStatement(partial: PartialCall): void;
  };
  readonly JavaScriptCompiler: new () => {
    compiler: unknown;
    useBlockParams: boolean;
    readonly source: { readonly currentLocation: unknown };
    popStack(): Code;
    push(code: Code): void;
    aliasable(name: string): Code;
    quotedString(text: string): string;
    nameLookup(parent: Code, name: string, type: string): Code;
    lookupBlockParam(place: Place, parts: readonly [string, ...string[]], isStrict?: boolean): void;
    resolvePath(type: string, parts: readonly string[], start: number, falsy: unknown, strict?: boolean): void;
  };
}
