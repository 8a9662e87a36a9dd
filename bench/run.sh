#!/usr/bin/env bash
# Everything that bench/ measures, on this machine. Build kcc first, and let nothing else run meanwhile.
#   bench/run.sh peers [options of bench/peers/peers.py]     models beside Keras, JAX, PyTorch: build/bench/peers.md
#   bench/run.sh kernels [options of bench_kernels]          kernels beside oneDNN and MKL: build/bench/kernels.md
#   bench/run.sh                                             both; training, prediction and recurrent layers
# The first time the peers are installed from PyPI into build/peers (several gigabytes: PyPI's PyTorch brings CUDA along,
# which is not used here).
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "bench: error: $*" >&2; exit 1; }

install_peers() {
  local requirements=bench/peers/requirements.txt
  cmp -s "$requirements" build/peers/.requirements && return
  echo "bench: installing $(grep -v '^#' "$requirements" | tr '\n' ' ')into build/peers"
  python3 -m venv build/peers
  build/peers/bin/pip --disable-pip-version-check -q install --only-binary=:all: -r "$requirements"
  cp "$requirements" build/peers/.requirements
}

peers() {
  [ -x build/release/kcc ] || fail "no build/release/kcc; build it first"
  build/peers/bin/python bench/peers/peers.py --kcc build/release/kcc "$@"
}

kernels() {
  cmake --preset release >/dev/null
  cmake --build --preset release --target bench_kernels
  mkdir -p build/bench
  build/release/bench/bench_kernels --benchmark_out=build/bench/kernels.json "$@"
  python3 bench/kernels/table.py --markdown build/bench/kernels.json | tee build/bench/kernels.md
}

what=${1:-all}
[ $# -gt 0 ] && shift
install_peers
case $what in
  peers) peers "$@" ;;
  kernels) kernels "$@" ;;
  all)
    peers --kind train --models zoo,small,recurrent
    peers --kind predict --models zoo --resume
    kernels
    ;;
  *) fail "unknown: $what; say peers, kernels or nothing" ;;
esac
