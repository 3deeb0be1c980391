// The preload as one file of text: a small CommonJS module that runs inside of an app, on Bun (`--preload FILE`) and on Node
// (`--require FILE`). It serves ES modules as well; loading it as an ES module costs Node 20 ms more of each start. bs9 contains it
// and writes it to disk.
import { bundlePreload } from "./preload-bundle.ts" with { type: "macro" };

export const preloadText: string = bundlePreload();
