"""The table as text, the figures as JSON, and a self-contained page with the same as charts."""
import json
import pathlib
import unicodedata

from .machine import Refusal
from .rows import Measured, Row

CHART_LIBRARY = pathlib.Path("/usr/share/javascript/chart.js/chart.min.js")
PAGE = pathlib.Path(__file__).with_name("page.html")


def width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def text(table: list[Row], facts: dict) -> str:
    head = ("row", "Zhonglou", "beside", "ratio", "target", "")
    cells = [head] + [(row.name, row.ours, row.peer, row.ratio, row.target, "PASS" if row.passed else "below") for row in table]
    widths = [max(width(line[column]) for line in cells) for column in range(len(head))]
    lines = ["", *("  ".join(cell + " " * (widths[i] - width(cell)) for i, cell in enumerate(line)).rstrip() for line in cells), ""]
    reached = sum(row.passed for row in table)
    lines.append(f"{reached} of {len(table)} targets reached; medians of {facts['rounds']} rounds (least–most); {facts['audits']} audits "
                 f"passed; {facts['took_s']} s on {facts['cpu']}, {facts['cores']} cores, {facts['memory_mib']} MiB, "
                 f"{facts['system']}, Linux {facts['kernel']}; load average before: {facts['load_before']:.2f}")
    return "\n".join(lines)


def write(folder: pathlib.Path, table: list[Row], facts: dict, measured: Measured) -> None:
    data = {"facts": facts, "rows": [vars(row) for row in table], "probes": measured.figures}
    (folder / "results.json").write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if not CHART_LIBRARY.exists():
        raise Refusal(f"{CHART_LIBRARY} is missing (package libjs-chart.js)")
    # A name could end the script element that holds the data; "<" has another spelling in JSON.
    page = PAGE.read_text(encoding="utf-8")
    page = page.replace("/*CHART_LIBRARY*/", CHART_LIBRARY.read_text(encoding="utf-8"))
    page = page.replace("/*DATA*/", json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"))
    (folder / "results.html").write_text(page, encoding="utf-8")
    print(f"wrote {folder / 'results.json'}\nwrote {folder / 'results.html'}")
