// The supervisor is a Backend: the conformance suite runs in this process, and starts the built bs9.
import { mkdirSync } from "node:fs";
import { pathsOf } from "../../src/base/paths.ts";
import { SupervisorBackend } from "../../src/supervisor/supervisor.ts";
import { conform } from "../conformance/backend.ts";
import { binary, until } from "../harness.ts";
import { Place } from "./bs9.ts";

conform("supervisor", async () => {
  const own = new Place();
  // The supervisor finds its directories by this variable.
  process.env["BS9_HOME"] = own.env.BS9_HOME;
  process.env["HOME"] = own.env.HOME;
  const paths = pathsOf(own.env);
  mkdirSync(paths.config, { recursive: true });
  const backend = new SupervisorBackend(paths, { program: binary() });
  return {
    backend,
    home: paths.home,
    async lose() {
      const pid = await until(() => own.supervisor(), { what: "a supervisor" });
      process.kill(pid, "SIGKILL");
      await until(() => own.supervisor() !== pid, { what: "it is gone" });
    },
    async down() {
      backend.close();
      await own.down();
    },
  };
});
