#!/bin/sh
# Runs the pinned version of Bun with the given arguments, in the top directory of the repository. Installs the packages first if
# needed. Requires only Node and npm: neither Bun on the PATH, nor `npm install`, nor lifecycle scripts.
set -eu
cd "$(dirname "$0")/.."
version=$(sed -n 's/^ *"bun": "\([0-9.]*\)".*/\1/p' package.json)

# Prints the path of the first program in a node_modules that is this version of Bun. The program is in the package of the
# platform until the lifecycle script of the package `bun` moves it. If npm does not run that script, the program in `bun` is a
# placeholder that fails.
bun_in() {
  for program in "$1"/bun/bin/bun.exe "$1"/@oven/bun-*/bin/bun; do
    if [ "$("$program" --version 2>/dev/null)" = "$version" ]; then
      echo "$program"
      return
    fi
  done
}

install_packages() {
  installer=$(bun_in "$PWD/node_modules")
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 130' INT TERM
  if [ -z "$installer" ]; then
    npm install --prefix "$scratch" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund \
      --loglevel=error --fetch-timeout=60000 --fetch-retries=2 "bun@$version" >&2
    installer=$(bun_in "$scratch/node_modules")
    [ -n "$installer" ] || { echo "with-bun: the npm package bun contains no program that runs on this machine" >&2; exit 1; }
  fi
  "$installer" install --frozen-lockfile --silent >&2
  touch node_modules/.installed
  rm -rf "$scratch"
  trap - EXIT INT TERM
}

bun=$(bun_in "$PWD/node_modules")
# shellcheck disable=SC3013 # -nt is in POSIX since 2024, and every sh had it before
if [ -z "$bun" ] || [ ! node_modules/.installed -nt bun.lock ] || [ ! node_modules/.installed -nt package.json ]; then
  install_packages
  bun=$(bun_in "$PWD/node_modules")
  [ -n "$bun" ] || { echo "with-bun: Bun $version was not found after the packages were installed" >&2; exit 1; }
fi

# These two variables would change what Bun does in a build or a test.
unset BUN_OPTIONS BUN_BE_BUN
PATH=${bun%/*}:$PWD/node_modules/.bin:$PATH exec "$bun" "$@"
