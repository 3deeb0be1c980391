#!/bin/sh
# Runs the pinned Bun with the arguments given, from the top of the repository, and installs the packages first.
# Needs Node and npm only: no Bun on the PATH, no `npm install` before, no lifecycle script.
set -eu
cd "$(dirname "$0")/.."
version=$(sed -n 's/^ *"bun": "\([0-9.]*\)".*/\1/p' package.json)

# Prints the first program under a node_modules that is this version of Bun. It lies in the package of the platform
# until the lifecycle script of `bun` moves it; where npm refuses that script, `bun` itself is a stand-in that fails.
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
    [ -n "$installer" ] || { echo "with-bun: npm's package bun has no program for this machine" >&2; exit 1; }
  fi
  "$installer" install --frozen-lockfile --silent >&2
  touch node_modules/.installed
  rm -rf "$scratch"
  trap - EXIT INT TERM
}

bun=$(bun_in "$PWD/node_modules")
# shellcheck disable=SC3013 # POSIX has -nt since 2024, and every sh had it before
if [ -z "$bun" ] || [ ! node_modules/.installed -nt bun.lock ] || [ ! node_modules/.installed -nt package.json ]; then
  install_packages
  bun=$(bun_in "$PWD/node_modules")
  [ -n "$bun" ] || { echo "with-bun: no Bun $version after the install" >&2; exit 1; }
fi

# What these two make Bun do is no part of a build or a test.
unset BUN_OPTIONS BUN_BE_BUN
PATH=${bun%/*}:$PWD/node_modules/.bin:$PATH exec "$bun" "$@"
