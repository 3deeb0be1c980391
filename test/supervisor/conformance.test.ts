// The supervisor is a Backend: the suite in this process, and the built bs9 as what it starts.
import { mkdirSync } from "node:fs";
import { pathsOf } from "../../src/base/paths.ts";
import { SupervisorBackend } from "../../src/supervisor/supervisor.ts";
import { conform } from "../conformance/backend.ts";
import { binary, until } from "../harness.ts";
import { Place } from "./bs9.ts";

conform("supervisor", async () => {
  const own = new Place();
  // The supervisor is told by it where to be.
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
