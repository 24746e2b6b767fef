#!/bin/sh
# The command line of an installed Engram: the same program, run as Node.
here=$(dirname "$(readlink -f "$0")")
ELECTRON_RUN_AS_NODE=1 exec "$here/../../engram-desktop" --disable-warning=ExperimentalWarning "$here/../app.asar/out/main/cli.js" "$@"
