// What the agent costs with a thousand services: a whole tick of it, and its memory over ten thousand ticks.
import { mkdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Turns } from "../../src/agent/turns.ts";
import { table } from "../../src/base/table.ts";
import { defaultHealth } from "../../src/config/health.ts";
import { defaultKeeping } from "../../src/config/keeping.ts";
import { cgroupRoot } from "../../src/metrics/cgroup.ts";
import { Registry } from "../../src/service/registry.ts";
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
