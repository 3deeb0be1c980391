// Where samples are kept.
import { join } from "node:path";

/** `config` is the folder of the configuration. */
export const databaseFile = (config: string): string => join(config, "metrics", "metrics.db");
