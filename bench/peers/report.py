"""The tables in Markdown, from what peers.py measured."""
import math

from registry import OURS, TITLES

HEADINGS = {"train": "A training step", "predict": "Prediction of one sample"}


def figure(value):
    return "" if value is None else f"{value:.3g}" if value < 99.95 else f"{value:.0f}"


def duration(seconds):
    return "" if seconds is None else f"{1000 * seconds:.1f} ms" if seconds < 0.2 else f"{seconds:.1f} s"


def cell(result):
    if result is None:
        return ""
    return figure(result["milliseconds"]) if "milliseconds" in result else result["status"].split(":")[0]


def ratio(row):
    """Best peer / kcc, or None."""
    peers = [r["milliseconds"] for key, r in row.items() if key not in OURS and "milliseconds" in r]
    return min(peers) / row["kcc"]["milliseconds"] if peers and "milliseconds" in row.get("kcc", {}) else None


def least(row, field):
    values = [r[field] for key, r in row.items() if key not in OURS and r.get(field) is not None]
    return min(values) if values else None


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else float("nan")


def table(entries, titles):
    """`titles`: peer key -> heading of its column."""
    keys = [key for key in titles if any(key in entry["results"] for entry in entries)]
    head = ["model", "batch", "threads", *(titles[key] for key in keys), "best peer / kcc", "kcc, MiB", "leanest peer, MiB",
            "kcc starts in", "first peer starts in"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for entry in entries:
        row = entry["results"]
        value = ratio(row)
        kcc = row.get("kcc", {})
        lines.append("| " + " | ".join([
            entry["model"], str(entry["batch"]), str(entry["threads"]), *(cell(row.get(key)) for key in keys),
            f"{value:.2f}" if value else "", figure(kcc.get("peak_mib")), figure(least(row, "peak_mib")),
            duration(kcc.get("startup_seconds")), duration(least(row, "startup_seconds"))]) + " |")
    return lines


def summary(entries):
    lines = []
    for threads in sorted({entry["threads"] for entry in entries}):
        values = {e["model"]: r for e in entries if e["threads"] == threads and (r := ratio(e["results"]))}
        if values:
            low = min(values, key=values.get)
            lines.append(f"- {threads} thread(s), {len(values)} models: best peer / kcc {geometric_mean(values.values()):.2f} "
                         f"in the geometric mean, lowest {values[low]:.2f} ({low}), below 1.1: "
                         f"{sum(v < 1.1 for v in values.values())}")
    one, two = ({e["model"]: e["results"]["kcc"].get("milliseconds") for e in entries
                 if e["threads"] == threads and "kcc" in e["results"]} for threads in (1, 2))
    both = [one[name] / two[name] for name in one if one[name] and two.get(name)]
    if both:
        lines.append(f"- kcc on two threads is {geometric_mean(both):.2f} times as fast as on one")
    return lines


def notes(entries, titles):
    """What failed or was left out, in words."""
    lines = {}
    for entry in entries:
        for key, result in entry["results"].items():
            if result["status"] and result["status"] != "left out":
                lines.setdefault(f"{titles.get(key, key)}: {result['status']}", []).append(
                    f"{entry['model']} ({entry['threads']})")
    return [f"- {what} — {', '.join(where)}" for what, where in lines.items()]


def report(about, entries):
    lines = [f"{about['cpu']}, {about['cores']} cores, {about['date']}. Times in milliseconds, the median of rounds."]
    for kind, heading in HEADINGS.items():
        own = [entry for entry in entries if entry["kind"] == kind]
        if own:
            lines += ["", f"## {heading}", "", *table(own, TITLES[kind]), "", *summary(own)]
            if found := notes(own, TITLES[kind]):
                lines += ["", "No figure:", "", *found]
    versions = {}
    for entry in entries:
        for key, result in entry["results"].items():
            if result["version"]:
                versions[TITLES[entry["kind"]].get(key, key)] = result["version"]
    lines += ["", "Versions: " + "; ".join(f"{title} {version}" for title, version in versions.items()) + "."]
    return "\n".join(lines) + "\n"
