#!/usr/bin/env bash
# Installs what building kcc needs and nothing else: Debian packages that are missing, and Halide (with its LLVM) from
# its PyPI wheel into build/deps. Needs root only where packages are missing. May be run again at any time.
#   scripts/setup.sh
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  ca-certificates
  ccache
  cmake
  g++
  libbenchmark-dev
  libcli11-dev
  libfmt-dev
  libgmock-dev
  libgtest-dev
  libjpeg62-turbo-dev
  libminizip-dev
  libopenmpi-dev
  libpng-dev
  librandom123-dev
  libxxhash-dev
  make
  ninja-build
  openmpi-bin
  python3
  python3-venv
  rapidjson-dev
  unzip
  wamerican
  wfrench
  witalian
  wngerman
  wportuguese
  wspanish
  zlib1g-dev
)
halide_version=21.0.0
halide_sha256=3686c2b4c9aed1e26e1e55631608b2c4a4c3fe2d4386505ba1921859adb683ab

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: error: %s\n' "$*" >&2; exit 1; }

install_packages() {
  local missing=()
  for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    say "all ${#packages[@]} Debian packages are there"
    return
  fi
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "these packages are missing and this is not root: ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing from Debian: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

install_halide() {
  local target=build/deps/wheel
  if [ "$(cat "$target/.sha256" 2>/dev/null)" = "$halide_sha256" ]; then
    say "Halide $halide_version is in $target"
    return
  fi
  [ "$(uname -m)" = x86_64 ] || fail "this machine is $(uname -m); the pinned Halide wheel is for x86_64"
  say "fetching Halide $halide_version into $target (66 MB)"
  mkdir -p build/deps
  work=$(mktemp -d build/deps/halide.XXXXXX)
  trap 'rm -rf "$work"' EXIT
  python3 -m venv "$work/venv"
  echo "halide==$halide_version --hash=sha256:$halide_sha256" >"$work/requirements.txt"
  "$work/venv/bin/pip" --disable-pip-version-check -q download --no-deps --require-hashes --only-binary=:all: \
    --implementation cp --python-version 3.11 --platform manylinux_2_28_x86_64 -r "$work/requirements.txt" -d "$work"
  unzip -q "$work"/halide-*.whl -d "$work/wheel"
  echo "$halide_sha256" >"$work/wheel/.sha256"
  rm -rf "$target"
  mv "$work/wheel" "$target"
}

install_packages
install_halide
say "done; build with: cmake --preset release && cmake --build --preset release"
