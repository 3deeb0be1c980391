// Parses the settings of the web server.
import { usage } from "../base/errors.ts";
import { parseWhole } from "../base/quantities.ts";

/**
 * `port`: null means the first free port from 8080 on. `publicUrl`: the address under which a reverse proxy shows the server, which
 * ends with `/`; null without a proxy.
 */
export type WebSettings = { host: string; port: number | null; publicUrl: string | null };

export const defaultWeb: WebSettings = { host: "127.0.0.1", port: null, publicUrl: null };
export const firstWebPort = 8080;

export const webParsers = {
  host: parseHost,
  port: (text, what) => parseWhole(text, what, 1, 65_535),
  publicUrl: parsePublicUrl,
} satisfies { [K in keyof WebSettings]: (text: string, what: string) => WebSettings[K] };

/** An address to listen on, or the name of one. */
export function parseHost(text: string, what: string): string {
  if (/^[\w.:-]{1,253}$/.test(text)) return text;
  throw usage(`${what} must be an address or a host name, such as 127.0.0.1 (got ${JSON.stringify(text.slice(0, 100))})`);
}

function parsePublicUrl(text: string, what: string): string {
  const url = text.length <= 500 && URL.canParse(text) ? new URL(text) : null;
  const isPlain = url !== null && url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  if (!isPlain || !/^https?:$/.test(url.protocol) || !/^[\w/.~-]*$/.test(url.pathname))
    throw usage(
      `${what} must be an http or https address without query, such as https://ops.example.com/bs9/ (got ${JSON.stringify(text.slice(0, 100))})`,
    );
  return url.href.endsWith("/") ? url.href : `${url.href}/`;
}
