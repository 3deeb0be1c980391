// The input of all checks of doctor.
import type { Paths } from "../../base/paths.ts";
import type { Mistake } from "../../config/toml.ts";
import type { Registry } from "../../service/registry.ts";
import type { Spec } from "../../service/spec.ts";
import type { TrailVerdict } from "../../trail/verdict.ts";
import type { Deps } from "../deps.ts";

export type DoctorInput = {
  paths: Paths;
  registry: Registry;
  mistakes: Mistake[];
  verifyTrail: () => Promise<TrailVerdict>;
  /** Access to the services; null if no backend can be reached. */
  deps: Deps | null;
  /** The web servers of this user that run; `version` is undefined for a server of an older bs9. */
  webs: { port: number; version?: string | undefined }[];
  /** The specs that can be read. */
  specs: Spec[];
};
