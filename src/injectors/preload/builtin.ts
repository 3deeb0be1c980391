// Loads modules of the runtime when they are needed: each costs an app some of its start, node:http on Bun 18 ms.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

export function load<Module>(name: string): Module {
  return require(name) as Module;
}
