// The limits of exec apply to the program and to all processes that it has started.
import { expect, test } from "bun:test";
import { exec } from "../../src/base/exec.ts";

test("a child process that keeps the pipe open is killed with the program", async () => {
  const began = performance.now();
  const { timedOut } = await exec(["/bin/sh", "-c", "sleep 30; true"], { timeoutMs: 200 });
  expect(timedOut).toBe(true);
  expect(performance.now() - began).toBeLessThan(5000);
});

test("too much output ends the program and is not reported as a timeout", async () => {
  const { timedOut, stdout } = await exec(["/bin/sh", "-c", "yes"], { timeoutMs: 20_000, maxBytes: 100_000 });
  expect(timedOut).toBe(false);
  expect(stdout.length).toBeLessThan(1_000_000);
});

test("a program that does not exist is reported by its path", async () => {
  await expect(exec(["/nowhere/program"], { timeoutMs: 1000 })).rejects.toThrow("cannot run /nowhere/program");
});

test("the variables that control Bun are not passed to child processes", async () => {
  const { stdout } = await exec(["/usr/bin/env"], { timeoutMs: 5000, env: { BUN_OPTIONS: "--x", BUN_BE_BUN: "1", KEPT: "1" } });
  expect(stdout).toBe("KEPT=1\n");
});
