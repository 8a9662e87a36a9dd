"""The tables in Markdown, from what peers.py measured."""
import math

from cases import recurrent_cases
from registry import OURS, TITLES


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
    peer, kcc = least(row, "milliseconds"), row.get("kcc", {}).get("milliseconds")
    return peer / kcc if peer and kcc else None


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


def ratios(entries, value):
    """{model: value(results)} without those that have none."""
    return {entry["model"]: found for entry in entries if (found := value(entry["results"]))}


def peer_ratio(key):
    def value(row):
        both = row.get(key, {}).get("milliseconds"), row.get("kcc", {}).get("milliseconds")
        return both[0] / both[1] if all(both) else None
    return value


def memory_share(row):
    peer, kcc = least(row, "peak_mib"), row.get("kcc", {}).get("peak_mib")
    return kcc / peer if peer and kcc else None


def spread(values, worst):
    name = worst(values, key=values.get)
    return f"{geometric_mean(values.values()):.2f} in the geometric mean, {worst.__name__}imum {values[name]:.2f} ({name})"


def summary(entries, titles):
    lines = []
    for threads in sorted({entry["threads"] for entry in entries}):
        own = [entry for entry in entries if entry["threads"] == threads]
        if values := ratios(own, ratio):
            lines.append(f"- {threads} thread(s), {len(values)} models: best peer / kcc {spread(values, min)}; "
                         f"below 1.1: {sum(v < 1.1 for v in values.values())}")
        for key in titles:
            if key not in OURS and (values := ratios(own, peer_ratio(key))):
                lines.append(f"  - {titles[key]} / kcc, {len(values)} models: {spread(values, min)}")
    if shares := ratios([e for e in entries if e["threads"] == 1], memory_share):
        lines.append(f"- peak memory, kcc / leanest peer: {spread(shares, max)}")
    one, two = ({e["model"]: e["results"]["kcc"].get("milliseconds") for e in entries
                 if e["threads"] == threads and "kcc" in e["results"]} for threads in (1, 2))
    if both := {name: one[name] / two[name] for name in one if one[name] and two.get(name)}:
        lines.append(f"- kcc on two threads against one: {spread(both, min)}")
    return lines


def part_of(entry):
    """The part of the report that an entry belongs to."""
    if entry["kind"] == "predict":
        return "Prediction of one sample"
    if "@" in entry["model"]:
        return "A training step of small models, by batch size"
    if entry["model"].startswith(tuple(recurrent_cases())):
        return "A training step of one recurrent layer, 100 steps of 64 values"
    return "A training step"


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
    for part in dict.fromkeys(map(part_of, entries)):
        own = [entry for entry in entries if part_of(entry) == part]
        titles = TITLES[own[0]["kind"]]
        lines += ["", f"## {part}", "", *table(own, titles), "", *summary(own, titles)]
        if found := notes(own, titles):
            lines += ["", "No figure:", "", *found]
    versions = {}
    for entry in entries:
        for key, result in entry["results"].items():
            if result["version"]:
                versions[TITLES[entry["kind"]].get(key, key)] = result["version"]
    lines += ["", "Versions: " + "; ".join(f"{title} {version}" for title, version in versions.items()) + "."]
    return "\n".join(lines) + "\n"
