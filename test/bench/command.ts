// Runs a command to its end, and tells what it wrote and how long it took.

export async function call(...argv: string[]): Promise<{ stdout: string; ms: number }> {
  const began = performance.now();
  const child = Bun.spawn(argv, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
  const ms = performance.now() - began;
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}\n${stdout}\n${stderr}`);
  return { stdout, ms };
}
