// The built executable, installed and uninstalled by install.sh under a real systemd.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { binary, type Lab, lab, succeed } from "../harness.ts";

const app = "Bun.serve({ port: Number(process.env.PORT), fetch: () => new Response('here') });\n";

let it: Lab;
beforeAll(async () => {
  it = await lab("install", { bs9: [] });
  await it.writeFile("ops", "app/app.ts", app);
  await it.writeFile("ops", "install.sh", readFileSync(join(import.meta.dir, "../../install.sh")));
  await it.writeFile("ops", "got/bs9", await Bun.file(binary()).bytes());
}, 300_000);
afterAll(() => it.down());

const ops = (line: string) => it.asUser("ops", ["sh", "-c", line]);

test("bs9 can be installed, used, uninstalled under a running service, installed again, and removed without a trace", async () => {
  const before = (await ops("find . -not -path './.local*' | sort")).stdout;
  const installed = succeed(await ops("sh install.sh --file got/bs9"), "install");
  expect(installed.stderr).toBe("");
  expect(installed.stdout).toStartWith("Installed: bs9 ");
  expect(installed.stdout).not.toContain("PATH");
  succeed(await ops("bs9 start app/app.ts --name web --port 4700"), "start");

  const left = succeed(await ops("sh install.sh --uninstall --yes --keep-services"), "uninstall");
  expect(left.stdout).toContain("These services keep running: web\n");
  expect((await ops("command -v bs9")).code).not.toBe(0);
  succeed(await ops("systemctl --user restart web"), "restart");
  expect((await ops("systemctl --user is-active web")).stdout).toBe("active\n");

  succeed(await ops("sh install.sh --file got/bs9"), "install again");
  expect((await ops("bs9 status -q web")).stdout).toBe("web\n");
  succeed(await ops("sh install.sh --uninstall --yes --with-services --with-data"), "uninstall again");
  expect((await ops("systemctl --user is-active web")).stdout).toBe("inactive\n");
  expect((await ops("find . -name '*bs9*' -not -path './got/*'; find .config/systemd -type f -o -type l")).stdout).toBe("");
  expect((await ops("find . -not -path './.local*' -not -path './.config*' -not -path './.cache*' | sort")).stdout).toBe(before);
});
