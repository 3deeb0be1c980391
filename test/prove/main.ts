// `npm run prove [-- WORD…] [--list] [--json]`: the proofs that are too long for a test run, and every figure of the README.
// Exits with 1 where a figure misses its target, or where a proof that this machine can run did not end.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { holds, list, type Shown, text } from "./print.ts";
import type { Figure, Proof } from "./proof.ts";
import { proofs } from "./proofs.ts";

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { list: { type: "boolean", default: false }, json: { type: "boolean", default: false } },
});
const unknown = words.find((word) => !proofs.some((proof) => proof.word === word));
if (unknown !== undefined) {
  console.error(`prove: there is no proof '${unknown}'; the words are ${proofs.map(({ word }) => word).join(", ")}`);
  process.exit(2);
}
const asked = words.length === 0 ? proofs : proofs.filter(({ word }) => words.includes(word));

if (values.list)
  print(
    asked.map(({ word, what, figures }) => ({ word, what, figures })),
    list(asked),
  );
else await runAll();

async function runAll(): Promise<void> {
  await build();
  const shown: Shown[] = [];
  let isKept = true;
  for (const proof of asked) {
    const reason = proof.impossible();
    const result = reason === null ? await run(proof) : { proof, commands: [], figures: [], missing: `it cannot run here: ${reason}` };
    shown.push(result);
    if (!values.json) console.log(text(result).join("\n"));
    isKept &&= result.figures.every(holds) && (reason !== null || result.missing === null);
  }
  if (values.json)
    console.log(
      JSON.stringify(
        shown.map(({ proof: { word, what }, ...rest }) => ({ word, what, ...rest })),
        null,
        1,
      ),
    );
  process.exitCode = isKept ? 0 : 1;
}

async function run(proof: Proof): Promise<Shown> {
  const commands = new Set<string>();
  const figures: Figure[] = [];
  console.error(`proving ${proof.word} …`);
  try {
    await proof.run({
      command: (line) => commands.add(line),
      say: (line) => console.error(`  ${line}`),
      figure: (figure) => {
        if (!proof.figures.includes(figure.what)) throw new Error(`${proof.word} does not list its figure '${figure.what}'`);
        figures.push(figure);
      },
    });
  } catch (error) {
    return { proof, commands: [...commands], figures, missing: error instanceof Error ? error.message : String(error) };
  }
  const absent = proof.figures.filter((what) => !figures.some((figure) => figure.what === what));
  return { proof, commands: [...commands], figures, missing: absent.length === 0 ? null : `no value for ${absent.join("; ")}` };
}

/** Every proof measures the executable as it is built now. */
async function build(): Promise<void> {
  const argv = [process.execPath, join(import.meta.dir, "../../build.ts")];
  const child = Bun.spawn(argv, { stdio: ["ignore", "ignore", "inherit"], timeout: 120_000, killSignal: "SIGKILL" });
  if ((await child.exited) !== 0) {
    console.error("prove: bs9 cannot be built");
    process.exit(1);
  }
}

function print(json: unknown, lines: string[]): void {
  console.log(values.json ? JSON.stringify(json, null, 1) : lines.join("\n"));
}
