// The preload as one file of text: a small ES module that runs inside of an app, on Bun (`--preload FILE`) and on Node
// (`--import FILE`). bs9 contains it and writes it to disk.
import { bundlePreload } from "./preload-bundle.ts" with { type: "macro" };

export const preloadText: string = bundlePreload();
