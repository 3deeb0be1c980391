// Calls the built bs9 inside a lab, as the plain user ops.

import type { Status } from "../../src/status/schema.ts";
import type { Lab, Outcome } from "../harness.ts";

export function bs9(lab: Lab, ...argv: string[]): Promise<Outcome> {
  return lab.asUser("ops", ["bs9", ...argv]);
}

/** The status object of one service; throws where status does not list the service. */
export async function statusOf(lab: Lab, name: string): Promise<Status> {
  const { stdout, stderr } = await bs9(lab, "status", name, "--json");
  const [status] = JSON.parse(stdout || "[]") as Status[];
  if (status === undefined) throw new Error(`no status of ${name}: ${stderr}`);
  return status;
}

/** The JSON answer of a service in the lab; throws where it does not answer. */
export async function fetchIn<T>(lab: Lab, port: number, path: string): Promise<T> {
  return JSON.parse((await lab.fetch({ port, path })).text) as T;
}
