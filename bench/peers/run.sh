#!/usr/bin/env bash
# Times kcc and its peers in turns on the same cores. Installs the peers from PyPI into build/peers the first time
# (several gigabytes: PyPI's PyTorch brings CUDA along, which is not used here). Options are those of peers.py:
#   bench/peers/run.sh [--models zoo,small] [--kind train,predict] [--threads 1,2] [--rounds 3] [--resume] ...
# The table goes to build/bench/peers.md, everything measured to build/bench/peers.json.
set -euo pipefail
cd "$(dirname "$0")/../.."

requirements=bench/peers/requirements.txt
if ! cmp -s "$requirements" build/peers/.requirements; then
  echo "peers: installing $(grep -v '^#' "$requirements" | tr '\n' ' ')into build/peers"
  python3 -m venv build/peers
  build/peers/bin/pip --disable-pip-version-check -q install --only-binary=:all: -r "$requirements"
  cp "$requirements" build/peers/.requirements
fi
[ -x build/release/kcc ] || { echo "peers: error: no build/release/kcc; build it first" >&2; exit 1; }
exec build/peers/bin/python bench/peers/peers.py --kcc build/release/kcc "$@"
