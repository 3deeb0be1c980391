// Makes the files of the page from its sources. This runs as a macro of Bun, whenever src/web/page.ts is built or loaded, so that
// the executable contains the result and a test reads the present sources.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const limitMs = 30_000;
const folder = join(import.meta.dir, "page");

type PageFile = { path: string; type: string; body: string };

/** What the page loads, by the end of the name. */
const types = { js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8" };

export function bundlePage(): PageFile[] {
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  const scripts = built("page.ts");
  return [
    { path: "/", type: "text/html; charset=utf-8", body: withParts(read("index.html"), scripts) },
    { path: "/icon.svg", type: "image/svg+xml", body: read("icon.svg") },
    ...scripts.map(([name, body]) => ({ path: `/${name}`, type: types.js, body })),
    ...built("style/page.css").map(([name, body]) => ({ path: `/${name}`, type: types.css, body })),
  ];
}

/** The script and the styles of export --format html, which stand in the page itself. */
export function bundleReport(): { script: string; style: string } {
  const text = (files: [string, string][]) => files.map(([, body]) => body).join("");
  // A script in a page ends at its end tag, also within a string.
  const script = text(built("report/report.ts", "iife")).replaceAll("</script", "<\\/script");
  return { script, style: text(built("style/page.css")) };
}

/** Names the parts that the script imports, so that the browser asks for them at the same time as for the script. */
function withParts(html: string, scripts: [name: string, text: string][]): string {
  const script = scripts.find(([name]) => name === "page.js")?.[1] ?? "";
  const parts = [...script.matchAll(/\bfrom"(\.\/[\w.-]+\.js)"/g)].map(([, path]) => `<link rel="modulepreload" href="${path}" />`);
  return html.replace("</head>", `${parts.join("")}</head>`);
}

/**
 * Names the parts by their content. The bundler gives each an id that depends on the folder of the sources, but a build has the same
 * bytes in each folder. The entry lists the ids, in an order that does not depend on the folder.
 */
function named(files: [name: string, text: string][]): [name: string, text: string][] {
  const list = files.flatMap(([, text]) => /\["([a-z0-9]{8}(?:","[a-z0-9]{8})+)"\],\[\[/.exec(text)?.[1]?.split('","') ?? []);
  const plain = (text: string) => list.reduce((rest, id, i) => rest.replaceAll(id, `id${i}`), text);
  const known = files.map(([name, text]): [string, string] => [plain(name), plain(text)]);
  const hashOf = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 12);
  const names = known.flatMap(([name, text]): [string, string][] => (/-id\d+\.js$/.test(name) ? [[name, `part-${hashOf(text)}.js`]] : []));
  const renamed = (text: string) => names.reduce((rest, [before, after]) => rest.replaceAll(before, after), text);
  return known.map(([name, text]): [string, string] => [renamed(name), renamed(text)]).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The files that become of an entry: one of its name, and the parts that it loads later. */
function built(entry: string, format: "esm" | "iife" = "esm"): [name: string, text: string][] {
  const out = mkdtempSync(join(tmpdir(), "bs9-page-"));
  try {
    // A macro runs inside of the bundler, which cannot bundle anything else meanwhile: a process of its own does it.
    const argv = [
      process.execPath,
      "build",
      join(folder, entry),
      "--outdir",
      out,
      "--target=browser",
      `--format=${format}`,
      "--minify",
      ...(format === "esm" ? ["--splitting"] : []),
    ];
    const { success, stderr } = Bun.spawnSync(argv, {
      timeout: limitMs,
      killSignal: "SIGKILL",
    });
    if (!success) throw new Error(`the page cannot be bundled:\n${stderr.toString()}`);
    return named(readdirSync(out).map((name) => [name, readFileSync(join(out, name), "utf8")]));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
