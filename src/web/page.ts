// The files of the page, which the executable contains. The server sends them to everybody, because they hold no secret.
import { bundlePage } from "./page-bundle.ts" with { type: "macro" };

/** `path` begins with `/`; `/` itself is the page. The page names the other files in quotes and without the first `/`. */
export type PageAsset = { path: string; type: string; body: string };

export const pageAssets: readonly PageAsset[] = bundlePage();
