#!/usr/bin/env bash
# The whole way once: installs what is missing, builds kcc, compiles a convolutional network for handwritten digits
# into a program, trains that on 1,500 digits, measures it on the other 297 and lets it read a few.
#   scripts/demo.sh
set -euo pipefail
cd "$(dirname "$0")/.."

data=examples/digits
out=build/demo
images=6  # how many held-out digits to show at the end

# Prints a command as one would type it, then runs it.
run() {
  printf '\n$ %s\n' "$*"
  "$@"
}

# The elements of a .npy file of 4-byte numbers, so many a line: elements FILE TYPE PER_LINE
elements() {
  local header=$((10 + $(od -An -j8 -N2 -tu2 "$1")))
  od -An -v -j "$header" -t "$2" -w$((4 * $3)) "$1"
}

# What the program says of the first held-out digits, beside the pictures.
show_predictions() {
  paste -d' ' <(elements "$out/predictions.npy" f4 10) <(elements "$data/y_test.npy" d4 1) <(elements "$data/x_test.npy" f4 64) |
    awk -v images="$images" 'NR <= images {
      best = 1
      for (c = 2; c <= 10; ++c) if ($c > $best) best = c
      printf "\nit reads %d (%.1f %% sure), the label says %d\n", best - 1, 100 * $best, $11
      for (row = 0; row < 8; ++row) {
        line = "  "
        for (column = 0; column < 8; ++column) {
          shade = substr(" .:*#", 1 + int(4 * $(12 + 8 * row + column)), 1)
          line = line shade shade
        }
        print line
      }
    }'
}

run scripts/setup.sh
run cmake --preset release
run cmake --build --preset release --target kcc
mkdir -p "$out"
run build/release/kcc "$data/model.json" -o "$out/digits"
run "$out/digits" summary
run "$out/digits" fit -x "$data/x_train.npy" -y "$data/y_train.npy" --epochs 15 --seed 1 --verbose 2 \
  --validation-x "$data/x_test.npy" --validation-y "$data/y_test.npy" --save "$out/digits.weights.h5"
run "$out/digits" evaluate -x "$data/x_test.npy" -y "$data/y_test.npy" --weights "$out/digits.weights.h5"
run "$out/digits" predict -x "$data/x_test.npy" --weights "$out/digits.weights.h5" -o "$out/predictions.npy"
show_predictions
