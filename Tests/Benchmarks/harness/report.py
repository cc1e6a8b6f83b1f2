"""Figures of interleaved rounds: medians with their spread, ratios taken round by round."""

import json
import statistics


class Figures:
    """Samples by case and measure, in the order of the rounds."""

    def __init__(self):
        self.samples = {}

    def add(self, case, **values):
        for measure, value in values.items():
            self.samples.setdefault(case, {}).setdefault(measure, []).append(value)

    def cases(self):
        return list(self.samples)

    def has(self, case, measure):
        return measure in self.samples[case]

    def median(self, case, measure):
        return statistics.median(self.samples[case][measure])

    def spread(self, case, measure):
        """Half the distance between the extremes, relative to the median."""
        values = self.samples[case][measure]
        middle = statistics.median(values)
        return (max(values) - min(values)) / 2 / middle if middle else 0.0

    def ratio(self, case, other, measure):
        """The median of the ratios of each round, with the least and the largest: neighbours in
        time share the machine's mood."""
        pairs = zip(self.samples[case][measure], self.samples[other][measure])
        ratios = sorted(a / b for a, b in pairs if b)
        return statistics.median(ratios), ratios[0], ratios[-1]

    def ratio_of(self, case, measure, other):
        """The same of two measures of a case."""
        ratios = sorted(
            a / b for a, b in zip(self.samples[case][measure], self.samples[case][other]) if b)
        return statistics.median(ratios), ratios[0], ratios[-1]

    def range(self, case, measure, unit=1):
        """A figure for itself: the median with the least and the largest."""
        values = sorted(value / unit for value in self.samples[case][measure])
        return statistics.median(values), values[0], values[-1]

    def summary(self):
        return {
            case: {
                measure: {
                    "median": round(statistics.median(values), 4),
                    "min": round(min(values), 4),
                    "max": round(max(values), 4),
                    "rounds": len(values),
                }
                for measure, values in measures.items()
            }
            for case, measures in self.samples.items()
        }


def table(headings, rows):
    """Prints columns as wide as they must be; the first is left-aligned."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [headings, *rows]) for i in range(len(headings))]
    for row in [headings, *rows]:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  " + "  ".join(cells))


class Judgement:
    """Ratios against their goals, printed and kept for the machine-readable line."""

    def __init__(self):
        self.rows = []
        self.values = []

    def add(self, what, ratio, *, at_most=None, at_least=None):
        """Without a goal it is told only."""
        middle, low, high = ratio
        goal, met = "", None
        if at_most is not None:
            goal, met = f"≤ {at_most:.3g}", middle <= at_most
        elif at_least is not None:
            goal, met = f"≥ {at_least:.3g}", middle >= at_least
        verdict = {True: "met", False: "MISSED", None: ""}[met]
        self.rows.append([what, f"{middle:.3f}", f"{low:.3f}–{high:.3f}", goal, verdict])
        self.values.append({
            "what": what, "ratio": round(middle, 4), "min": round(low, 4), "max": round(high, 4),
            "goal": goal, "met": met,
        })

    def show(self):
        table(["ratio, median of rounds", "ratio", "range", "goal", ""], self.rows)


def machine_line(name, figures, judgement, facts):
    """One line that programs read."""
    print("BENCH " + json.dumps({
        "benchmark": name, "facts": facts, "figures": figures.summary(),
        "ratios": judgement.values,
    }, ensure_ascii=False, sort_keys=True), flush=True)
