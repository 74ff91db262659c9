/**
 * Builds dist/: AssemblyScript to WebAssembly (beside its source, so that tests find it too), then
 * TypeScript to JavaScript. Runs under whatever Node npm happens to run, hence the plain JavaScript
 * and the tools' own node.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");

/** Every file below a directory whose name ends so, as absolute paths. */
function filesBelow(directory, suffix) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesBelow(path, suffix);
    return entry.name.endsWith(suffix) ? [path] : [];
  });
}

/** Runs a tool of node_modules under node_modules' node where there is one. Ends on failure. */
function run(script, args) {
  const ownNode = join(root, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  const node = existsSync(ownNode) ? ownNode : process.execPath;
  const result = spawnSync(node, [join(root, script), ...args], { cwd: root, stdio: "inherit" });
  if (result.error) throw result.error;
  if (result.status !== 0) process.exit(result.status ?? 1);
}

function isNewer(path, source) {
  return existsSync(path) && statSync(path).mtimeMs > statSync(source).mtimeMs;
}

function buildWasm() {
  for (const source of filesBelow(join(root, "src"), ".as.ts")) {
    const target = source.replace(/\.as\.ts$/, ".wasm");
    if (isNewer(target, source)) continue;
    run("node_modules/assemblyscript/bin/asc.js", [
      relative(root, source),
      "--outFile",
      relative(root, target),
      ..."-O3 --noAssert --runtime stub --enable simd".split(" "),
    ]);
  }
}

function buildDist() {
  rmSync(dist, { recursive: true, force: true });
  for (const wasm of filesBelow(join(root, "src"), ".wasm")) {
    const target = join(dist, relative(join(root, "src"), wasm));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(wasm, target);
  }
  run("node_modules/typescript/bin/tsc", ["-p", "tsconfig.build.json"]);
}

const tools = ["node_modules/typescript", "node_modules/assemblyscript"];
const missing = tools.filter((tool) => !existsSync(join(root, tool)));
if (missing.length === 0) {
  buildWasm();
  buildDist();
} else if (!existsSync(dist)) {
  console.error(`cannot build: ${missing.join(" and ")} not installed (npm install)`);
  process.exit(1);
}
