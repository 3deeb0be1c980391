// Runs a command to its end, and returns its output and its time. Records each command for the answer of the proof.

type Called = { stdout: string; ms: number };

/** The commands called so far, without repetitions, as a reader could type them. */
export const commands = new Set<string>();

export const call = (...argv: string[]): Promise<Called> => callWith({}, ...argv);

/** Runs a command with additional environment variables. Throws where its exit status is not 0. */
export async function callWith(env: Record<string, string>, ...argv: string[]): Promise<Called> {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  if (["bs9", "pm2"].includes(argv[0] ?? "")) commands.add([...variables, ...argv].join(" ").replaceAll(process.cwd(), "~"));
  const began = performance.now();
  const child = Bun.spawn(argv, { stdin: "ignore", stdout: "pipe", stderr: "pipe", env: { ...process.env, ...env } });
  const [stdout, stderr, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
  const ms = performance.now() - began;
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}\n${stdout}\n${stderr}`);
  return { stdout, ms };
}
