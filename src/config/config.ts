// The defaults of options: BS9_ variables override config.toml, which overrides built-in defaults; each value keeps its origin.
import { join } from "node:path";
import { reasonOf } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { builtIn, type Defaults } from "../service/defaults.ts";
import { defaultHealth, type HealthSettings } from "./health.ts";
import { defaultKeeping, type Keeping } from "./keeping.ts";
import { type Setting, settingName, settings, variableOf } from "./settings.ts";
import { type Mistake, type ParsedConfig, parseToml } from "./toml.ts";
import { defaultWeb, type WebSettings } from "./web.ts";

/** `text` is the value as it was written. */
export type SettingOrigin = { key: string; value: unknown; text: string; from: string };
export type Config = {
  file: string;
  defaults: Defaults;
  keeping: Keeping;
  health: HealthSettings;
  web: WebSettings;
  origins: SettingOrigin[];
  mistakes: Mistake[];
};

export const configFile = (folder: string): string => join(folder, "config.toml");

const maxBytes = 64 * 1024;

/** Never throws: errors are listed in `mistakes`, and such a value counts as not given. */
export function loadConfig(folder: string, env: Record<string, string | undefined>): Config {
  const file = configFile(folder);
  const parsed = readConfig(file);
  const mistakes = [...parsed.mistakes];
  const origins = settings.map((setting) => originOf(setting, parsed, file, env, mistakes));
  const valuesOf = (section: Setting["section"]) =>
    Object.fromEntries(settings.flatMap((setting, i) => (setting.section === section ? [[setting.field, origins[i]?.value]] : [])));
  return {
    file,
    defaults: { ...builtIn, ...(valuesOf("start") as Partial<Defaults>), ...(valuesOf("inject") as Partial<Defaults>) },
    keeping: { ...defaultKeeping, ...(valuesOf("metrics") as Partial<Keeping>) },
    health: { ...defaultHealth, ...(valuesOf("health") as Partial<HealthSettings>) },
    web: { ...defaultWeb, ...(valuesOf("web") as Partial<WebSettings>) },
    origins,
    mistakes,
  };
}

function originOf(
  setting: Setting,
  { given }: ParsedConfig,
  file: string,
  env: Record<string, string | undefined>,
  mistakes: Mistake[],
): SettingOrigin {
  const key = settingName(setting);
  const variable = variableOf(setting);
  const text = variable === null ? undefined : env[variable];
  if (variable !== null && text) {
    try {
      return { key, value: setting.parse(text, variable), text, from: `variable ${variable}` };
    } catch (error) {
      mistakes.push({ where: "environment", field: variable, what: reasonOf(error) });
    }
  }
  const inFile = given.get(key);
  if (inFile !== undefined) return { key, value: inFile.value, text: inFile.text, from: `${file}:${inFile.line}` };
  return { key, value: setting.builtIn, text: setting.builtInText, from: "built-in" };
}

function readConfig(file: string): ParsedConfig {
  try {
    const text = readIfThere(file, maxBytes);
    return text === null ? { given: new Map(), mistakes: [] } : parseToml(text, file);
  } catch (error) {
    return {
      given: new Map(),
      mistakes: [{ where: file, field: null, what: reasonOf(error).replace(`cannot read ${file}: `, "it cannot be read: ") }],
    };
  }
}

/** Formats an error as `/…/config.toml:3: start.memory: …`. */
export function mistakeLine({ where, field, what }: Mistake): string {
  return `${where}: ${field === null || what.startsWith(field) ? "" : `${field}: `}${what}`;
}
