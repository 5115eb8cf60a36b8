import { basePath, cleanPath } from "../core/text/path.js";
import { hasCode } from "../errors.js";
import type { TemplateWorld } from "./functions/world.js";
import { type Bytes, bytesOf, textOf } from "./go-values/bytes.js";
import { FunctionError } from "./go-values/function-error.js";
import { goQuote } from "./go-values/quote.js";
import type { Functions, GoValue } from "./go-values/values.js";
import { type GoTemplate, parseTemplate } from "./go/template.js";

/** How deep templates may include each other. */
const MOST_LEVELS = 10;

/** The Go templates that one rendering includes: each is read once, none includes itself, and none is out of the folder. */
export class Includes {
  readonly #world: TemplateWorld | undefined;
  readonly #openFunctions: () => Functions;
  readonly #read = new Map<string, GoTemplate>();
  readonly #open: string[] = [];
  #functions: Functions | undefined;

  /** `openFunctions` is asked once, and only when something is included. */
  constructor(world: TemplateWorld | undefined, openFunctions: () => Functions) {
    this.#world = world;
    this.#openFunctions = openFunctions;
  }

  /** The text of a template, its name taken from the templates' folder. Throws a `FunctionError` when it cannot be had. */
  render(name: Bytes, data: GoValue): Bytes {
    const path = cleanPath(`./${textOf(name)}`);
    // The fork's test: it keeps out what is hidden, too.
    if (path.startsWith("."))
      throw new FunctionError(`include path ${textOf(goQuote(name))} is outside template directory`);
    if (this.#open.includes(path))
      throw new FunctionError(`include cycle detected: ${path} is already being processed`);
    if (this.#open.length >= MOST_LEVELS) throw new FunctionError(`maximum include depth (${MOST_LEVELS}) exceeded`);
    const functions = (this.#functions ??= this.#openFunctions());
    this.#open.push(path);
    try {
      const template = this.#template(path, functions);
      return blaming(`execute include ${path}`, () => template.execute(data ?? undefined, functions));
    } finally {
      this.#open.pop();
    }
  }

  #template(path: string, functions: Functions): GoTemplate {
    const known = this.#read.get(path);
    if (known !== undefined) return known;
    if (this.#world === undefined) throw new FunctionError("the machine cannot be asked here");
    const file = this.#world.readTemplate(path);
    if ("problem" in file) throw new FunctionError(`include ${path}: ${file.problem}`);
    const template = blaming(`parse include ${path}`, () =>
      parseTemplate(basePath(path), bytesOf(file.text), functions),
    );
    this.#read.set(path, template);
    return template;
  }
}

function blaming<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!hasCode(error, "template-invalid")) throw error;
    throw new FunctionError(`${what}: ${error.fault.reason}`, { cause: error });
  }
}
