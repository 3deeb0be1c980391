// Programs that run what a package.json says. They inherit the preload by NODE_OPTIONS, and serve nothing themselves.

const runners = /(?:^|\/)(?:npm|npx|yarn|yarnpkg|pnpm|pnpx|corepack)(?:-cli)?(?:\.c?js)?$/;

export const isPackageRunner = (program = process.argv[1]): boolean => program !== undefined && runners.test(program);
