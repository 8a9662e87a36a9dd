#!/usr/bin/env bash
# Sets up, builds everything and runs every test; ends with ctest's summary. May be run again at any time.
#   scripts/test.sh [ctest options]        e.g. scripts/test.sh -L fast
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh

requirements=scripts/requirements-test.txt
if cmp -s "$requirements" build/venv/.requirements; then
  echo "test: real Keras is in build/venv"
else
  echo "test: installing real Keras for comparison into build/venv"
  python3 -m venv build/venv
  build/venv/bin/pip --disable-pip-version-check -q install --only-binary=:all: --no-deps -r "$requirements"
  cp "$requirements" build/venv/.requirements
fi

# Other processors for tests/e2e/targets.py, which skips those tests without it.
if ! command -v qemu-x86_64 >/dev/null && [ "$(id -u)" -eq 0 ]; then
  echo "test: installing qemu-user from Debian"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends qemu-user >/dev/null ||
    echo "test: qemu-user cannot be installed: some tests will be skipped"
fi

echo "test: building"
cmake --preset release
cmake --build --preset release

echo "test: running"
exec ctest --preset release --parallel "$(nproc)" "$@"
