import { readFileSync } from "node:fs";
import ts from "typescript";

/** The titles of all tests that a file runs, as they are written there: a title for many cases with its placeholders. */
export function testTitles(path: string): ReadonlySet<string> {
  const titles = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const title = node.arguments[0];
      if (isTest(node.expression) && title && (ts.isStringLiteral(title) || ts.isTemplateLiteral(title))) {
        titles.add(title.getText().slice(1, -1).replaceAll('\\"', '"'));
      }
    }
    ts.forEachChild(node, visit);
  };
  const source = readFileSync(path, "utf8");
  visit(ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true));
  return titles;
}

/** Whether it is `test`, `test.each(...)` and the like, but not one that is left out. */
function isTest(called: ts.Expression): boolean {
  if (ts.isIdentifier(called)) return called.text === "test";
  if (ts.isCallExpression(called)) return isTest(called.expression);
  if (!ts.isPropertyAccessExpression(called)) return false;
  return !["skip", "todo", "fails"].includes(called.name.text) && isTest(called.expression);
}
