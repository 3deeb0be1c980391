// Loads modules of the runtime when they are needed: each costs an app some of its start, node:http on Bun 18 ms.

/** The preload is a CommonJS module, which has a `require` of its own. */
export function load<Module>(name: string): Module {
  return require(name) as Module;
}
