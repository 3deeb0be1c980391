// Checks that bs9-web.service runs where it exists, and that the web servers that run have the version of this bs9.
import { type Finding, plainFix, row } from "../../backend/finding.ts";
import { harmless } from "../../base/text.ts";
import { version } from "../../version.ts";
import type { DoctorInput } from "./input.ts";

const webFinding = {
  webDown: row<{ port: number }>(
    "web",
    "warning",
    ({ port }) => `bs9-web.service does not run, so nobody can reach the web server on port ${port}`,
    "it was started with bs9 web --detach, and should run all the time",
    "systemctl --user restart bs9-web; journalctl --user -u bs9-web -n 20",
  ),
  webOlder: row<{ port: number; its: string; ours: string; isUnit: boolean }>(
    "web",
    "note",
    ({ port, its, ours }) => `the web server on port ${port} is another version of bs9 (${harmless(its)}; this one is ${ours})`,
    "it serves the API of that version until it is started again",
    ({ isUnit }) => (isUnit ? "systemctl --user restart bs9-web" : "end that bs9 web or bs9 run, and start it again"),
  ),
} satisfies Record<string, (about: never) => Finding>;

export async function webFindings({ deps, webs }: DoctorInput): Promise<Finding[]> {
  const unit = deps?.backend.web;
  const port = unit === undefined ? null : ownPort(unit);
  const restart = plainFix(async () => {
    await unit?.restart();
    return "bs9-web.service is started again";
  });
  const older = webs
    .filter((web) => web.version !== version.version)
    .map((web) => {
      const isUnit = web.port === port;
      return webFinding.webOlder({ port: web.port, its: web.version ?? "older", ours: version.version, isUnit }, isUnit ? restart : null);
    });
  const isDown = unit !== undefined && port !== null && (await unit.isRunning()) === false;
  return isDown ? [webFinding.webDown({ port }, restart), ...older] : older;
}

/** Null too where the unit belongs to somebody else, which is not a fault. */
function ownPort(unit: { port(): number | null }): number | null {
  try {
    return unit.port();
  } catch {
    return null;
  }
}
