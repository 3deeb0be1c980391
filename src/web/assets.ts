// The answers for the files of the page. Each file has its own path, where browsers ask each time whether it has changed, and an
// address with the hash of its content, which the page names and browsers keep for a year.
import type { PageAsset } from "./page.ts";
import { emptyAnswer, fileAnswer } from "./problem.ts";
import type { Endpoint } from "./route.ts";

/** Nothing from elsewhere, no inline code, and no form or frame of another site. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

/** Each path with its endpoint. */
export function assetEndpoints(assets: readonly PageAsset[]): [path: string, Endpoint][] {
  const others = assets.filter(({ path }) => path !== "/").map((asset) => ({ ...asset, hash: hashOf(asset.body) }));
  const page = assets.filter(({ path }) => path === "/").map(({ body, ...rest }) => ({ ...rest, body: linked(body, others) }));
  return [
    ...page.map((one) => answers({ ...one, hash: hashOf(one.body) }, "no-cache")),
    ...others.flatMap((one) => [
      answers(one, "no-cache"),
      answers({ ...one, path: hashedPath(one) }, "private, max-age=31536000, immutable"),
    ]),
  ];
}

type Hashed = PageAsset & { hash: string };

function answers({ path, type, body, hash }: Hashed, cacheControl: string): [path: string, Endpoint] {
  const headers = { ETag: `"${hash}"`, "Cache-Control": cacheControl, "Content-Security-Policy": contentSecurityPolicy };
  // One answer for all clients, so that it is compressed once.
  const whole = fileAnswer(body, type, headers);
  const unchanged = emptyAnswer(304, headers);
  const answer: Endpoint["answer"] = (asked) => (isNamed(hash, asked.headers.get("if-none-match")) ? unchanged : whole);
  return [path, { summary: "a file of the page", type, isPage: true, isFree: true, answer }];
}

/** The page with the hashed addresses in place of the plain paths. They stay relative, for a reverse proxy with a path. */
function linked(page: string, others: Hashed[]): string {
  return others.reduce((text, one) => text.replaceAll(`"${one.path.slice(1)}"`, `"${hashedPath(one).slice(1)}"`), page);
}

function hashedPath({ path, hash }: Hashed): string {
  const dot = path.lastIndexOf(".");
  return dot === -1 ? `${path}.${hash}` : `${path.slice(0, dot)}.${hash}${path.slice(dot)}`;
}

function hashOf(body: string): string {
  return new Bun.CryptoHasher("sha256").update(body).digest("hex").slice(0, 16);
}

/** A reverse proxy that compresses makes the tag weak (`W/`), which counts as the same here (RFC 9110, 13.1.2). */
function isNamed(hash: string, ifNoneMatch: string | null): boolean {
  return (ifNoneMatch ?? "").split(",").some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === `"${hash}"`);
}
