"""The results as a Markdown table and as a chart (SVG)."""

from statistics import median

NEAR = 1.02  # what counts as met, within what two rounds differ by


def figure(values):
    if not values:
        return "–"
    middle = median(values)
    spread = (max(values) - min(values)) / middle * 100 if middle else 0
    digits = 1 if middle < 100 else 0
    return f"{middle:.{digits}f} ±{spread / 2:.0f} %"


def ratio(work, results, ours, peers):
    """Our median against the best of the peers' medians."""
    best = [median(results[work.key][peer]) for peer in peers if results[work.key].get(peer)]
    mine = results[work.key].get(ours)
    return median(mine) / min(best) if best and mine and min(best) > 0 else None


def told(work, share):
    if share is None:
        return "–"
    return f"{share:.2f}" + (" (missed)" if work.target and share > work.target * NEAR else "")


def markdown(works, results, names, ours, of_http):
    """`of_http`: names of the peers that read HTTP, and so do the same work."""
    peers = [name for name in names if name not in (ours, "floor")]
    lines = [
        "| work | " + " | ".join(names) + " | ratio | of HTTP | target |",
        "|---|" + "---:|" * (len(names) + 3),
    ]
    for work in works:
        cells = [figure(results[work.key].get(name)) for name in names]
        shares = [told(work, ratio(work, results, ours, those)) for those in (peers, of_http)]
        target = f"≤ {work.target}" if work.target else ""
        unit = f", {work.unit}" if work.unit else ""
        lines.append(f"| {work.title}{unit} | " + " | ".join([*cells, *shares, target]) + " |")
    return "\n".join(lines) + "\n"


COLORS = ["#0b6e4f", "#8d99ae", "#b8c0cf", "#6b7a99", "#d3b88c", "#c9cdd6", "#a3a3a3", "#7f8fa6"]
BAR, GAP, LABEL, WIDTH = 14, 22, 330, 900


def chart(works, results, names, ours):
    """Horizontal bars, each work scaled to its longest."""
    rows = [work for work in works if work.target and results[work.key].get(ours)]
    y = 30
    parts = []
    for work in rows:
        values = {n: median(results[work.key][n]) for n in names if results[work.key].get(n)}
        longest = max(values.values())
        parts.append(f'<text x="10" y="{y + 11}" font-weight="bold">{work.title}</text>')
        y += 18
        for name, value in values.items():
            width = (WIDTH - LABEL) * value / longest if longest else 0
            color = COLORS[names.index(name) % len(COLORS)]
            parts.append(
                f'<text x="{LABEL - 130}" y="{y + 11}">{name}</text>'
                f'<rect x="{LABEL}" y="{y}" width="{width:.0f}" height="{BAR - 2}" fill="{color}"/>'
                f'<text x="{LABEL + 6}" y="{y + 10}" font-size="10">{value:.1f} {work.unit}</text>'
            )
            y += BAR
        y += GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" '
        'font-family="sans-serif" font-size="12">\n'
        f'<rect width="{WIDTH}" height="{y}" fill="white"/>'
        '<text x="10" y="18">What each costs; shorter is better</text>\n'
        + "\n".join(parts) + "\n</svg>\n"
    )  # fmt: skip
