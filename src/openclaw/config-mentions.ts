import { isReference, visitTexts } from "./config-references.ts";
import { compileGlob, matchesGlob } from "./glob.ts";
import type { Tree } from "./config-tree.ts";
import { substitute } from "./config-variables.ts";
import type { Variables } from "./config-variables.ts";
import { pathsIn } from "./path-tokens.ts";
import type { CallingText } from "./scripts.ts";

/** What OpenClaw writes to or keeps elsewhere, and never calls. */
const NOT_CALLED = [
  "{logging,diagnostics,browser,meta,wizard}/**",
  "**/{dbPath,modelPath,logFile,logPath,cachePath}",
].map(compileGlob);

/**
 * The absolute paths that any string of a configuration mentions: commands, arguments, MCP
 * servers, hooks. Not those that `referencesIn` knows the meaning of. Only paths leave here; a
 * string may hold a secret beside one.
 */
export function mentionsIn(tree: Tree, variables: Variables, home: string): CallingText[] {
  const found: CallingText[] = [];
  visitTexts(tree, (keys, written) => {
    if (isReference(keys) || NOT_CALLED.some((glob) => matchesGlob(glob, keys))) return;
    const { text } = substitute(written, variables);
    const at = `the configuration: ${keys.join(".")}`;
    for (const path of pathsIn(text, home)) found.push({ text: path, at });
  });
  return found;
}
