"""The rows of the issue's table: what is compared, the target, and whether it was reached."""
import statistics
from dataclasses import dataclass, field

COUNTS = (64, 1000)


@dataclass
class Row:
    name: str
    ours: str  # the figure as measured: medians, with the spread
    peer: str
    ratio: str
    target: str
    passed: bool
    rounds: list = field(default_factory=list)  # one value a round, of what the target is about


class Measured:
    """The figures of every probe, a list with one entry a round."""

    def __init__(self) -> None:
        self.figures: dict[str, list[dict]] = {}

    def add(self, probe: str, figures: dict) -> None:
        self.figures.setdefault(probe, []).append(figures)

    def has(self, *probes: str) -> bool:
        return all(probe in self.figures for probe in probes)

    def values(self, probe: str, key: str = "per_s") -> list[float]:
        return [figures[key] for figures in self.figures[probe]]

    def median(self, probe: str, key: str = "per_s") -> float:
        return statistics.median(self.values(probe, key))

    def rate_text(self, probe: str) -> str:
        values = self.values(probe)
        return f"{statistics.median(values):,.0f}/s ({min(values):,.0f}–{max(values):,.0f})"


def ratio_row(measured: Measured, name: str, ours: str, peer: str, target: float) -> Row | None:
    if not measured.has(ours, peer):
        return None
    ratio = measured.median(ours) / measured.median(peer)
    rounds = [a / b for a, b in zip(measured.values(ours), measured.values(peer))]
    return Row(name, measured.rate_text(ours), measured.rate_text(peer), f"{ratio:.2f} × ({min(rounds):.2f}–{max(rounds):.2f})",
               f"≥ {target} ×", ratio >= target, rounds)


def cost(figures: dict) -> float:
    return sum(figures["cpu_us"].values())


def flat_row(measured: Measured, name: str, few: str, many: str) -> Row | None:
    if not measured.has(few, many):
        return None
    costs = {probe: [cost(figures) for figures in measured.figures[probe]] for probe in (few, many)}
    few_us, many_us = statistics.median(costs[few]), statistics.median(costs[many])
    rounds = [b / a for a, b in zip(costs[few], costs[many])]
    return Row(name, f"{many_us:.1f} µs CPU", f"{few_us:.1f} µs CPU", f"{many_us / few_us:.2f} × ({min(rounds):.2f}–{max(rounds):.2f})",
               "≤ 1.2 ×", many_us / few_us <= 1.2, rounds)


EXPECTED = {"granted", "sold_out", "limit_reached", "overlaps", "already_booked", "not_open", "closed", "ineligible"}


def last_durable_ms(figures: dict) -> float:
    """When the last seat was durable, at the latest: the gate's last grant, and the longest wait of one for its commit."""
    granted = figures["latency_ms"]["by_outcome"].get("granted", {"max": 0})
    return (figures["last_seat_ms"] or 0) + granted["max"]


def rush_text(figures: list[dict]) -> tuple[str, bool]:
    """The worst of the rounds: seats, last seat, p99, and what else was answered."""
    strange = sorted({code for each in figures for code in each["latency_ms"]["by_outcome"]} - EXPECTED)
    sold = min(each["seats_sold"] for each in figures)
    seats = figures[0]["seats"]
    last_ms = max(last_durable_ms(each) for each in figures)
    p99_ms = statistics.median(each["latency_ms"]["all"]["p99"] for each in figures)
    audits = all(each["passed"] for each in figures)
    text = f"{sold} of {seats} seats, last durable by {last_ms / 1000:.2f} s, p99 {p99_ms:.0f} ms, audit {'PASS' if audits else 'FAIL'}"
    if strange:
        text += f", also {', '.join(strange)}"
    return text, audits and not strange and sold == seats


def herd_row(measured: Measured) -> Row | None:
    if not measured.has("herd"):
        return None
    figures = measured.figures["herd"]
    text, clean = rush_text(figures)
    last_ms = max(last_durable_ms(each) for each in figures)
    p99s = [each["latency_ms"]["all"]["p99"] for each in figures]
    passed = clean and last_ms <= 1000 and statistics.median(p99s) <= 300
    return Row("thundering herd: 10,000 parents within 1 s", text, "", "", "all answered, p99 ≤ 300 ms, sold within 1 s, no 5xx", passed, p99s)


def reported_row(measured: Measured) -> Row | None:
    if not measured.has("reported"):
        return None
    figures = measured.figures["reported"]
    text, clean = rush_text(figures)
    lasts = [last_durable_ms(each) for each in figures]
    return Row("the reported rush: 3,000 parents within 30 s", text, "", "", "last seat durable < 1 s", clean
               and max(lasts) < 1000, lasts)


def limit_row(measured: Measured, name: str, probe: str, key: str, text: str, target: str, holds) -> Row | None:
    if not measured.has(probe):
        return None
    values = measured.values(probe, key)
    return Row(name, f"{statistics.median(values):{text}} ({min(values):{text}}–{max(values):{text}})", "", "", target,
               holds(statistics.median(values)), values)


def all_rows(measured: Measured) -> list[Row]:
    rows = []
    for count in COUNTS:
        at = f", {count} connections"
        rows += [
            ratio_row(measured, f"known sold out, from memory, vs nginx return 409{at}", f"sold.{count}", f"floor.{count}", 0.8),
            ratio_row(measured, f"decisions through Redis vs nginx + Lua{at}", f"gate.{count}", f"lua.{count}", 2.5),
            ratio_row(measured, f"decisions through Redis vs redis-benchmark -P 32{at}", f"gate.{count}", "redis", 0.6),
            ratio_row(measured, f"durable bookings vs Fastify{at}", f"durable.{count}", f"fastify.{count}", 5),
            ratio_row(measured, f"durable bookings vs Fastify, every fsync 1 ms slower{at}", f"slow_durable.{count}",
                      f"slow_fastify.{count}", 8),
            ratio_row(measured, f"durable bookings vs the database alone{at}", f"durable.{count}", "ledger", 0.5),
        ]
    rows += [
        herd_row(measured),
        reported_row(measured),
        limit_row(measured, "memory per idle keep-alive connection, KiB", "memory", "kib", ".1f", "≤ 6 KiB", lambda v: v <= 6),
        limit_row(measured, "durable check-ins per second", "door", "per_s", ",.0f", "≥ 3,000/s", lambda v: v >= 3000),
        limit_row(measured, "check-ins: the worst, ms", "door", "max_ms", ",.0f", "< 1 s", lambda v: v < 1000),
        ratio_row(measured, "activity detail vs known sold out, 64 connections", "detail", "sold.64", 0.5),
        limit_row(measured, "activity list page p99, ms, 64 connections", "list", "p99_ms", ".2f", "< 5 ms", lambda v: v < 5),
        flat_row(measured, "cost per decision, 10,000 activities open and all pressed for vs 1", "one_open", "many_open"),
        flat_row(measured, "cost per decision, 10,000 activities open and one pressed for vs 1", "one_open", "few_bookings"),
        flat_row(measured, "cost per decision, 99,990 bookings in an activity vs 10", "few_bookings", "many_bookings"),
    ]
    return [row for row in rows if row]
