import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** The project's top folder. */
export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** One source file, read by the TypeScript parser. Paths are relative to the project, with `/`. */
export interface SourceFile {
  readonly path: string;
  readonly lines: number;
  /** What it imports: project paths for relative imports, else the package as written. Types and lazy imports count. */
  readonly imports: readonly string[];
  /** Members of the global `process` that it names. */
  readonly processMembers: readonly string[];
  /** Every function, also unnamed ones, with its length in lines. */
  readonly functions: readonly { readonly name: string; readonly lines: number }[];
}

/** Reads one file; `text` stands in for its content. */
export function readSource(path: string, text = readFileSync(join(projectRoot, path), "utf8")): SourceFile {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: string[] = [];
  const processMembers: string[] = [];
  const functions: { name: string; lines: number }[] = [];
  const visit = (node: ts.Node): void => {
    const target = importTarget(node);
    if (target !== undefined)
      imports.push(target.startsWith(".") ? posix.join(posix.dirname(path), target) : target.replace(/^node:/, ""));
    processMembers.push(...membersOfProcess(node));
    if (ts.isFunctionLike(node) && "body" in node && node.body)
      functions.push({ name: functionName(node), lines: lineCount(tree, node) });
    ts.forEachChild(node, visit);
  };
  visit(tree);
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  return { path, lines, imports, processMembers, functions };
}

/** Every .ts file below a folder of the project. */
export function readSources(folder: string): readonly SourceFile[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".as.ts"))
    .sort()
    .map((name) => readSource(posix.join(folder, name)));
}

function importTarget(node: ts.Node): string | undefined {
  let literal: ts.Node | undefined;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) literal = node.moduleSpecifier;
  else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) literal = node.argument.literal;
  else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    literal = node.arguments[0];
  return literal && ts.isStringLiteralLike(literal) ? literal.text : undefined;
}

function membersOfProcess(node: ts.Node): readonly string[] {
  const isProcess = (one: ts.Node | undefined) => one && ts.isIdentifier(one) && one.text === "process";
  if (ts.isPropertyAccessExpression(node) && isProcess(node.expression)) return [node.name.text];
  if (ts.isVariableDeclaration(node) && isProcess(node.initializer) && ts.isObjectBindingPattern(node.name))
    return node.name.elements.map((element) => (element.propertyName ?? element.name).getText());
  return [];
}

function functionName(node: ts.SignatureDeclaration): string {
  if (node.name) return node.name.getText();
  const parent = node.parent;
  return parent && (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent))
    ? parent.name.getText()
    : "unnamed function";
}

function lineCount(tree: ts.SourceFile, node: ts.Node): number {
  const line = (position: number) => tree.getLineAndCharacterOfPosition(position).line;
  return line(node.end) - line(node.getStart(tree)) + 1;
}
