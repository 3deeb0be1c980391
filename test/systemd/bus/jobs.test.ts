// When a start is repeated, and for which services failures are cleared.
import { expect, test } from "bun:test";
import { Jobs } from "../../../src/systemd/bus/jobs.ts";
import { specNamed } from "../../spec.ts";

/** A user manager that answers a start with `trouble`, and in which every unit is failed; records what is asked of it. */
function jobsWith(trouble: string) {
  const asked: string[] = [];
  const systemctl = {
    async jobs(verb: string, units: string[]) {
      asked.push([verb, ...units].join(" "));
      return trouble;
    },
    async reload() {
      asked.push("daemon-reload");
    },
    async resetFailed(units: string[]) {
      if (units.length > 0) asked.push(["reset-failed", ...units].join(" "));
    },
  };
  return { jobs: new Jobs({ read: async () => null }, systemctl, "/nowhere"), asked };
}

const missing = "Failed to start web.service: Unit web.service not found.";

test("a start of a new service is repeated after a daemon-reload if systemd does not know its unit", async () => {
  const { jobs, asked } = jobsWith(missing);
  await jobs.start([specNamed("web")], new Set(["web"]));
  expect(asked).toEqual(["start web.service", "daemon-reload", "start web.service"]);
});

test.each([
  ["the program cannot be executed", "Job for web.service failed because the control process exited with error code."],
  ["somebody stops the service meanwhile", "Job for web.service canceled."],
  ["nothing goes wrong", ""],
])("a start of a new service is not repeated if %s", async (_, trouble) => {
  const { jobs, asked } = jobsWith(trouble);
  await jobs.start([specNamed("web")], new Set(["web"]));
  expect(asked).toEqual(["start web.service"]);
});

test("failures of a known service are cleared before its start, and the start is not repeated", async () => {
  const { jobs, asked } = jobsWith(missing);
  await jobs.start([specNamed("web")], new Set());
  expect(asked).toEqual(["reset-failed web.service bs9-delay@web.service", "start web.service"]);
});
