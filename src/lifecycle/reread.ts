// Reads the environment files of a defined service again, before it is started or restarted.
import { reasonOf } from "../base/errors.ts";
import { isDescriptor, readEnvFiles } from "../service/environment.ts";
import { checkGiven } from "../service/given.ts";
import { difference } from "../service/plan.ts";
import type { EnvFile, Spec } from "../service/spec.ts";

export type Reread = {
  spec: Spec;
  /** The names of the variables that were changed, added or removed. */
  changed: string[];
  /** Sentences on files that cannot be read; their last values stay in force. */
  troubles: string[];
};

export async function reread(known: Spec): Promise<Reread> {
  const envFiles: EnvFile[] = [];
  const troubles: string[] = [];
  for (const file of known.envFiles) {
    if (isDescriptor(file.path)) {
      envFiles.push(file);
      continue;
    }
    try {
      envFiles.push(...(await readEnvFiles([file.path])));
    } catch (error) {
      troubles.push(keptSentence(known.name, error));
      envFiles.push(file);
    }
  }
  const spec = { ...known, envFiles };
  try {
    checkGiven(spec);
  } catch (error) {
    return { spec: known, changed: [], troubles: [...troubles, keptSentence(known.name, error)] };
  }
  const changed = difference(known, spec).flatMap(({ path }) => (path.startsWith("env.") ? [path.slice("env.".length)] : []));
  return { spec, changed, troubles };
}

function keptSentence(name: string, error: unknown): string {
  return `${name}: ${reasonOf(error)}; the values that were read last stay in force`;
}

const maxNames = 10;

/** The sentences for the user after files were read again. They name variables without values, because values are secret. */
export function sentencesOn(name: string, { changed, troubles }: Reread): string[] {
  if (changed.length === 0) return troubles;
  const more = changed.length > maxNames ? ` and ${changed.length - maxNames} more` : "";
  return [...troubles, `${name}: its environment files have changed ${changed.slice(0, maxNames).join(", ")}${more}`];
}
