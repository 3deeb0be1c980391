// Runs a command to its end, and tells what it wrote and how long it took.

type Called = { stdout: string; ms: number };

export const call = (...argv: string[]): Promise<Called> => callWith({}, ...argv);

/** With more in the environment. */
export async function callWith(env: Record<string, string>, ...argv: string[]): Promise<Called> {
  const began = performance.now();
  const child = Bun.spawn(argv, { stdin: "ignore", stdout: "pipe", stderr: "pipe", env: { ...process.env, ...env } });
  const [stdout, stderr, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
  const ms = performance.now() - began;
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}\n${stdout}\n${stderr}`);
  return { stdout, ms };
}
