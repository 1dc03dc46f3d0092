// What no other gate looks at: links between documents lead somewhere, every exported name has a doc comment, and no
// source file has more than 400 lines of code.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";

const MOST_CODE_LINES = 400;
const root = resolve(import.meta.dirname, "..");
const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" })
  .split("\0")
  .filter((path) => existsSync(join(root, path)));
const problems = [];

for (const path of tracked.filter((name) => name.endsWith(".md"))) {
  const prose = readFileSync(join(root, path), "utf8").replaceAll(/^```[\s\S]*?^```/gm, "");
  for (const [, target = ""] of prose.matchAll(/\]\(([^)\s]+)[^)]*\)/g)) {
    if (/^(?:[a-z]+:|#)/i.test(target)) continue;
    const file = join(root, dirname(path), decodeURI(target.replace(/#.*/, "")));
    if (!existsSync(file)) problems.push(`${path}: the link ${target} leads nowhere`);
  }
}

for (const path of tracked.filter((name) => /^packages\/[^/]+\/src\/.*\.tsx?$/.test(name))) {
  const code = readFileSync(join(root, path), "utf8")
    .split("\n")
    .filter((line) => !/^\s*(?:\/\/|\/?\*|$)/.test(line));
  if (code.length > MOST_CODE_LINES)
    problems.push(
      `${path}: ${code.length} lines of code, more than ${MOST_CODE_LINES}: make two files of it`,
    );
}

const entries = tracked
  .filter((name) => /^packages\/[^/]+\/package\.json$/.test(name))
  .flatMap((name) => {
    const { exports = {} } = JSON.parse(readFileSync(join(root, name), "utf8"));
    return Object.values(exports).flatMap((entry) =>
      entry["@runmeta/source"] === undefined ? [] : [join(root, dirname(name), entry["@runmeta/source"])],
    );
  });
const { options } = ts.getParsedCommandLineOfConfigFile(join(root, "tsconfig.json"), {}, ts.sys);
const program = ts.createProgram(entries, options);
const checker = program.getTypeChecker();
const undocumented = new Set();
for (const entry of entries) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry));
  for (const exported of checker.getExportsOfModule(module)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    if (symbol.getDocumentationComment(checker).length > 0) continue;
    const file = symbol.declarations?.[0]?.getSourceFile().fileName ?? entry;
    undocumented.add(`${file.slice(root.length + 1)}: ${exported.name} is exported without a doc comment`);
  }
}
problems.push(...undocumented);

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
