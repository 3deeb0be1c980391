// bs9 web --print-url and --new-token: the login URLs and the tokens of the servers that run.
import { failed } from "../base/errors.ts";
import type { Context } from "../context.ts";
import { recordWebAct } from "../lifecycle/web-acts.ts";
import { Credentials } from "../web/credentials.ts";
import { loginCode } from "../web/login-code.ts";
import { type RunningWeb, runningWebs } from "../web/running.ts";
import { type AccessLevel, renewToken, tokenFile } from "../web/token.ts";
import type { Result } from "./command.ts";

/** The server on that port, or the one that was started last; undefined if none runs there. */
async function serverOn(port: number | undefined, { paths }: Context): Promise<RunningWeb | undefined> {
  const running = await runningWebs(paths.state);
  return port === undefined ? running[0] : running.find((one) => one.port === port);
}

/** The file that the server reads its token from, whatever the environment of this command says. */
function fileOf(web: RunningWeb | undefined, level: AccessLevel, { env, paths }: Context): string {
  return level === "full" ? (web?.tokenFile ?? tokenFile("full", env, paths.config)) : tokenFile("read", {}, paths.config);
}

export async function renewedToken(level: AccessLevel, port: number | undefined, context: Context): Promise<Result> {
  const { paths, registry, trail, warn, terminal } = context;
  const file = fileOf(await serverOn(port, context), level, context);
  renewToken(level, file, paths.config);
  const what = level === "read" ? "the read-only token" : "the token";
  const progress = (text: string) => terminal.progress(text);
  await recordWebAct("web-token", level, `${what} was replaced`, { registry, trail, warn, progress });
  return { value: { file, level }, names: [file], text: () => [`${what} was made anew, in ${file}`] };
}

export async function printedUrl(level: AccessLevel, port: number | undefined, context: Context): Promise<Result> {
  const web = await serverOn(port, context);
  if (web === undefined) {
    const another = port === undefined ? undefined : await serverOn(undefined, context);
    throw failed(`no web server runs${port === undefined ? "" : ` on port ${port}`}`, {
      hint: another === undefined ? "bs9 web" : "bs9 web --print-url",
    });
  }
  const url = loginUrl(level, web, context);
  return { value: { url }, names: [url], text: () => [url] };
}

/** Throws where there is no token of this level. */
export function loginUrl(level: AccessLevel, web: RunningWeb, context: Context): string {
  const credentials = new Credentials(fileOf(web, "full", context), context.paths.config);
  const credential = credentials.current().find((one) => one.level === level);
  if (credential === undefined)
    throw failed(level === "read" ? "there is no read-only token yet" : "there is no token that can be used", {
      hint: level === "read" ? "bs9 web --new-token --read-only" : "bs9 web --new-token",
    });
  return `${web.url}login?code=${loginCode(credential, web.port, Date.now())}`;
}
