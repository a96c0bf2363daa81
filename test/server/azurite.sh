#!/bin/sh
# Installs Azure's emulator for tests, into node_modules/.azurite: `npm ci` of the project takes that away again, so this comes after it.
set -eu
cd "$(dirname "$0")/../.."
target=node_modules/.azurite
wanted=test/server/azurite/package-lock.json
if cmp -s $wanted $target/installed; then exit 0; fi
mkdir -p $target
cp test/server/azurite/package.json $wanted $target/
(cd $target && npm ci --omit=optional --ignore-scripts --no-audit --no-fund)
cp $wanted $target/installed
