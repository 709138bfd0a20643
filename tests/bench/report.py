"""The tables in Markdown: medians, with the lowest and the highest value."""

from __future__ import annotations

import statistics

MIB = 1 << 20

FIGURES = {
    "start_ms": ("Exec to first 200, ms", 0),
    "start_cpu_ms": ("CPU until then, ms", 0),
    "requests_per_second": ("Requests/s", 0),
    "cpu_us_per_request": ("CPU per request, µs", 1),
    "cpu_share": ("Share of its CPU", 2),
    "p99_ms": ("p99 at that load, ms", 1),
    "paced_p99_ms": ("p99 at {rate}/s, ms", 1),
    "full_memory_mib": ("Memory right after that load, MiB", 0),
    "memory_mib": ("Memory in the end, MiB", 0),
}


def comparison(servers, samples, plan):
    """Table of the measurements, and one of the ratios of the first server's figures to the others'."""
    titles = [title.format(rate=number(plan.rate, 0)) for title, _ in FIGURES.values()]
    rows = []
    for server in servers:
        row = [server.label]
        for figure, (_, digits) in FIGURES.items():
            values = [value for sample in samples[server.name] for value in listed(sample[figure])]
            text = spread(values, digits)
            if figure == "paced_p99_ms" and not kept_pace(samples[server.name], plan):
                text += " (less came through)"
            row.append(text)
        rows.append(row)
    text = table(["", *titles], rows)

    ours = servers[0]
    rows = []
    for peer in servers[1:]:
        row = [peer.label]
        for figure in FIGURES:
            row.append(spread(ratios(samples[ours.name], samples[peer.name], figure), 2))
        rows.append(row)
    return text + f"\nThe same as {ours.label} / peer, within each round:\n\n" + table(["", *titles], rows)


def kept_pace(rounds, plan):
    return statistics.median(sample["paced_rate"] for sample in rounds) > 0.8 * plan.rate


def ratios(ours, peers, figure):
    """Ratios round by round, because the machine's other load changes between rounds."""
    pairs = [(middle(our[figure]), middle(peer[figure])) for our, peer in zip(ours, peers)]
    # The CPU time of a start is counted in hundredths of a second, which some do not reach.
    return [our / peer for our, peer in pairs if peer]


def warm_up(servers, samples, plan):
    """Table of the requests answered since the first 200, with and without the cache, by CPU time."""
    named = {server.name: server for server in servers}
    if not {"meridian", "no-cache"} <= set(named):
        return ""
    until = [seconds for seconds in (1, 2, 4, 8, 16) if seconds <= plan.warm_up]

    def served(name, seconds):
        return [by_then(sample["warm_up"], seconds) for sample in samples[name]]

    rows = []
    for name in ("meridian", "no-cache"):
        rows.append([named[name].label, *(spread(served(name, seconds), 0) for seconds in until)])
    ratio = ["Ratio"]
    for seconds in until:
        pairs = zip(served("meridian", seconds), served("no-cache", seconds))
        ratio.append(spread([ours / other for ours, other in pairs if ours and other], 2))
    return table(["Requests in the first", *(f"{seconds} s of CPU" for seconds in until)], [*rows, ratio])


def by_then(served, seconds):
    """Requests by then, interpolated between two readings; None if the server had less CPU time."""
    for (cpu, requests), (later, more) in zip(served, served[1:]):
        if later >= seconds:
            return requests + (more - requests) * (seconds - cpu) / (later - cpu)
    return None


def sizes(layers):
    own = [layer for layer in layers if not layer.base]
    rows = [[f"`{layer.content}`" + (" (base image)" if layer.base else ""),
             number(layer.compressed / MIB, 1), number(layer.size / MIB, 1)] for layer in layers]
    for label, some in (("Without the base image", own), ("All", layers)):
        rows.append([label, number(sum(layer.compressed for layer in some) / MIB, 1),
                     number(sum(layer.size for layer in some) / MIB, 1)])
    return table(["Layer", "Compressed, MiB", "Unpacked, MiB"], rows)


def spread(values, digits):
    values = [value for value in values if value is not None]
    if not values:
        return "–"
    text = number(statistics.median(values), digits)
    if len(values) > 1:
        text += f" ({number(min(values), digits)}–{number(max(values), digits)})"
    return text


def number(value, digits):
    return f"{value:,.{digits}f}"


def middle(value):
    return statistics.median(listed(value))


def listed(value):
    return value if isinstance(value, list) else [value]


def table(titles, rows):
    lines = [titles, ["---"] + ["---:"] * (len(titles) - 1), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
