"""A table of what bench_kernels measured: python3 bench/kernels/table.py kernels.json [--markdown]

The median of the repetitions of each kernel, in time of the thread; the share of what this machine can do at most (the
larger of multiply-adds at the peak and bytes at the speed of a copy of that size, measured in the same run); the ratio
to each competitor, above 1 where kcc is faster; geometric means by kind.
"""
import argparse
import json
import math
import re
import statistics
from collections import defaultdict

CACHES = ("first_cache", "second_cache", "last_cache")
COMPETITORS = ("onednn", "mkl")
LEVEL = 0.97  # what counts as level


def least_seconds(machine, flops, bytes_moved):
    rate = next((machine[f"{cache}_rate"] for cache in CACHES if bytes_moved <= machine[f"{cache}_bytes"]),
                machine["memory_rate"])
    return max(flops / machine["flops"], bytes_moved / rate)


def by_kind_and_size(kernel):
    kind, sizes = kernel.split("/")
    return kind, [int(n) for n in re.findall(r"\d+", sizes)]


def read(path):
    """(machine, {kernel: {who: seconds}}, {kernel: (flops, bytes)})"""
    rows = [row for row in json.load(open(path))["benchmarks"] if row["run_type"] == "iteration"]
    machine = {}
    times, work = defaultdict(lambda: defaultdict(list)), {}
    for row in rows:
        if row["name"].startswith("machine"):
            machine |= {key: max(value, machine.get(key, 0)) for key, value in row.items()
                        if isinstance(value, float) or key.endswith("bytes")}
        elif not row.get("error_occurred"):
            kernel, who = row["name"].rsplit("/", 1)
            unit = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3}[row["time_unit"]]
            times[kernel][who].append(row["cpu_time"] * unit)
            work[kernel] = row["flops"], row["bytes"]
    if not machine:
        raise SystemExit("table: error: the file has no row `machine`; let the filter include it: 'machine|...'")
    medians = {kernel: {who: statistics.median(all_times) for who, all_times in own.items()}
               for kernel, own in times.items()}
    order = sorted((kernel for kernel, own in medians.items() if "kcc" in own), key=by_kind_and_size)
    return machine, {kernel: medians[kernel] for kernel in order}, work


def geometric_mean(values):
    return math.exp(statistics.fmean(map(math.log, values)))


def lines_of(machine, times, work):
    yield ["kernel", "us", "GFLOP/s", "GB/s", "of peak", *COMPETITORS]
    for kernel, own in times.items():
        flops, moved = work[kernel]
        seconds = own["kcc"]
        yield [kernel, f"{1e6 * seconds:.1f}", f"{flops / seconds / 1e9:.1f}" if flops else "",
               f"{moved / seconds / 1e9:.1f}", f"{100 * least_seconds(machine, flops, moved) / seconds:.0f} %",
               *(f"{own[who] / seconds:.2f}" if who in own else "" for who in COMPETITORS)]


def means_of(machine, times, work):
    yield ["kind", "kernels", "of peak", *(f"{who}: mean (lowest, below {LEVEL})" for who in COMPETITORS)]
    kinds = defaultdict(list)
    for kernel in times:
        kinds[kernel.split("/")[0]].append(kernel)
    kinds["all"] = list(times)
    for kind, kernels in kinds.items():
        row = [kind, str(len(kernels)), "{:.0f} %".format(100 * geometric_mean(
            [least_seconds(machine, *work[k]) / times[k]["kcc"] for k in kernels]))]
        for who in COMPETITORS:
            ratios = [times[k][who] / times[k]["kcc"] for k in kernels if who in times[k]]
            row.append(f"{geometric_mean(ratios):.2f} ({min(ratios):.2f}, {sum(r < LEVEL for r in ratios)} of "
                       f"{len(ratios)})" if ratios else "")
        yield row


def show(rows, markdown):
    rows = list(rows)
    if markdown:
        rows.insert(1, ["---"] * len(rows[0]))
        return "\n".join("| " + " | ".join(row) + " |" for row in rows)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths)))
                     for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("json")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    machine, times, work = read(options.json)
    print(f"One thread: multiply-adds {machine['flops'] / 1e9:.0f} GFLOP/s; copies in caches and memory "
          + ", ".join(f"{machine[f'{place}_rate'] / 1e9:.0f}" for place in (*CACHES, "memory")) + " GB/s.\n")
    print(show(lines_of(machine, times, work), options.markdown) + "\n")
    print(show(means_of(machine, times, work), options.markdown))


if __name__ == "__main__":
    main()
