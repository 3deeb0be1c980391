// Which pinned runtimes and builds count as unused, and which are kept although this registry does not name them.
import { afterAll, expect, test } from "bun:test";
import { chmodSync, copyFileSync, existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { unitsFolder } from "../../src/base/paths.ts";
import { sweepUnused, unusedPaths } from "../../src/lifecycle/unused.ts";
import { Registry } from "../../src/service/registry.ts";
import { tempDir } from "../harness.ts";
import { specNamed } from "../spec.ts";

const home = realpathSync(tempDir());
afterAll(() => rmSync(home, { recursive: true }));
const write = (file: string, text = "") => {
  mkdirSync(dirname(join(home, file)), { recursive: true });
  writeFileSync(join(home, file), text);
};
const share = join(home, "share");
const registry = new Registry({ config: join(home, "config"), state: join(home, "state") });
const place = { registry, share, home };

test("a runtime or build is kept if a spec, a pending change, a marked unit or a process uses it", async () => {
  const versions = ["1-spec", "1-change", "1-before", "1-unit", "1-runs", "1-foreign", "1-unused"];
  for (const version of versions) write(`share/runtime/${version}/bs9`);
  for (const name of ["known", "elsewhere", "gone"]) write(`share/builds/${name}/1/app.js`);
  const onVersion = (name: string, version: string) => specNamed(name, { runtime: { kind: "bs9", version } });
  registry.commit(onVersion("known", "1-spec"));
  // This test process owns the change and is alive, so the change is not abandoned.
  registry.begin({ spec: onVersion("new", "1-change"), previous: onVersion("new", "1-before"), ran: true, process: null });
  const unit = (mark: string, path: string) => `[Unit]\n\n${mark}\nOwner="x"\n\n[Service]\nExecStart="${join(share, path)}" "app.ts"\n`;
  const units = unitsFolder(home).slice(home.length);
  write(`${units}/elsewhere.service`, unit("[X-BS9]", "runtime/1-unit/bs9"));
  write(`${units}/built.service`, unit("[X-BS9]", "builds/elsewhere/1/app.js"));
  write(`${units}/foreign.service`, unit("[X-Other]", "runtime/1-foreign/bs9"));
  const program = join(share, "runtime/1-runs/bs9");
  copyFileSync(realpathSync("/bin/sleep"), program);
  chmodSync(program, 0o755);
  const running = Bun.spawn([program, "infinity"]);
  try {
    const unused = ["runtime/1-foreign", "runtime/1-unused", "builds/gone"].map((path) => join(share, path));
    expect(unusedPaths(place)?.toSorted()).toEqual(unused.toSorted());
    sweepUnused(place);
    expect(unused.filter((path) => existsSync(path))).toEqual([]);
    expect(existsSync(program)).toBe(true);
  } finally {
    running.kill();
    await running.exited;
  }
  expect(unusedPaths(place)).toEqual([dirname(program)]);
  mkdirSync(join(home, `${units}/folder.service`));
  expect(unusedPaths(place)).toEqual([]);
});
