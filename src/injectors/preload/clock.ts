// The time in ms. An app may have replaced performance.now, for example by a library for tests.
export function now(): number {
  try {
    return performance.now();
  } catch {
    return process.uptime() * 1000;
  }
}
