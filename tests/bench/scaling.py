#!/usr/bin/python3
"""How stages would scale to many ranks, from finished runs on one rank: metrics/STAGE.trace.json and metrics/STAGE.prom.

    scaling.py BASE [--variants FOLDER] [--people FOLDER] [--ranks-run FOLDER] [--ranks 4,64,1024,4096] [STAGE...]

BASE, and the same job with GROWTH times the variants, or the people, are runs on one rank; --ranks-run is BASE's job on some ranks.

Time on R ranks = a + b g + the longest rank's units, phase after phase, dealt out cyclically as the program does
                + rounds x LATENCY + payload x doublings / BANDWIDTH + file operations / RATE.
g: size of the data, as a multiple of BASE. a + b is what BASE spent outside of units; b, what grows with the data (the root
joins tables, writes results), is the difference to the larger run; without one, all of it is taken as fixed.
File operations: those of BASE, and R - 1 times what one rank more asks for (from --ranks-run).
Strong: the same data. Weak: R times the data, along the axis that a stage divides (BY_PEOPLE, else variants).
--target M N: minutes for M times the variants and N times the people: units of a stage that grows with variants are M times as many,
each N times as long; of one that divides people N times as many, of the same length (not so in kinship, whose pairs grow by N^2).
The bottleneck is the largest part at the last number of ranks. Work that ranks share without units (iterations of chains, products and
fits) is taken as fixed, so these stages look worse than they are. Not in it: a busy file system, start-up of MPI itself.
"""
import argparse
import json
import pathlib
import re

LATENCY, BANDWIDTH, RATE = 3e-6, 5e9, 20_000  # s a message, bytes/s, operations/s of the metadata server

# Stages whose units are people; those of others are variants.
BY_PEOPLE = {"ingest_health", "ingest_features", "phenotypes", "cohort", "health_quality", "kinship", "risk_model", "risk_validation", "trajectories"}


class Stage:
    def __init__(self, folder, name):
        phases = {}
        for event in json.loads((folder / (name + ".trace.json")).read_text())["traceEvents"]:
            if event["ph"] == "X":
                phases.setdefault(event["cat"], {})[int(event["name"].rsplit(" ", 1)[1])] = event["dur"] * 1e-6
        self.phases = [[units[u] for u in sorted(units)] for units in phases.values()]
        self.units = sum(map(len, self.phases))
        self.busy = sum(map(sum, self.phases))
        self.value, self.files, self.calls, self.kinds = {}, {"root": 0, "others": 0}, 0, {}
        for line in (folder / (name + ".prom")).read_text().splitlines():
            match = re.match(r"salus_stage_(\w+)\{(.*)\} (\S+)$", line)
            if not match:
                continue
            labels = dict(re.findall(r'(\w+)="([^"]*)"', match[2]))
            if match[1] == "file_operations":
                self.files[labels["ranks"]] += int(match[3])
            elif match[1] == "collectives":
                self.kinds[labels["kind"]] = int(match[3])
            elif match[1] == "collective_bytes":
                self.value["payload"] = self.value.get("payload", 0) + int(match[3])
            elif len(labels) == 1:
                self.value[match[1]] = float(match[3])
        self.ranks = self.value["ranks"]
        self.wall = self.value["seconds"]
        self.outside = max(0.0, self.wall - self.busy)  # of runs on one rank

    def rounds(self, ranks):
        steps = (ranks - 1).bit_length()
        calls = sum(self.kinds.values())
        return steps * (calls + 2 * (self.kinds["sum"] + self.kinds["agreement"]) + self.kinds["broadcast"] + 2 * self.kinds["gather"])


def longest(times, ranks, copies=1):
    """The busiest rank, if `copies` times these units are dealt out."""
    count = len(times) * copies
    if count <= ranks:
        return max(times, default=0.0)
    if copies == 1:
        return max(sum(times[r::ranks]) for r in range(ranks))
    return max(times) if count < ranks else sum(times) * copies / ranks + (max(times) if count % ranks else 0)


def parts(stage, ranks, copies, growing, per_rank_files, longer=1):
    doublings = (ranks - 1).bit_length()
    return {
        "units": sum(longest(times, ranks, copies) for times in stage.phases) * longer,
        "fixed part": max(0.0, stage.outside - growing),
        "results on the root": growing * copies,
        "network": stage.rounds(ranks) * LATENCY + stage.value["payload"] * doublings / BANDWIDTH,
        "file operations": (stage.files["root"] * copies + per_rank_files * (ranks - 1)) / RATE if ranks > 1 else 0.0,
    }


def bottleneck(stage, split, ranks):
    name = max(split, key=split.get)
    return "too few units" if name == "units" and all(len(times) < ranks for times in stage.phases) else name


def stages_of(folder):
    metrics = pathlib.Path(folder) / "metrics"
    return {path.name.removesuffix(".trace.json"): Stage(metrics, path.name.removesuffix(".trace.json"))
            for path in sorted(metrics.glob("*.trace.json"))}


class Model:
    """A stage with what the other runs tell of it."""

    def __init__(self, name, stage, larger, several, growth):
        self.stage, self.axis, self.growing = stage, "-", 0.0
        if larger:
            self.axis = "people" if "people" in larger and (name in BY_PEOPLE or "variants" not in larger) else "variants"
            self.growing = min(stage.outside, max(0.0, larger[self.axis].outside - stage.outside) / (growth - 1))
        self.files = 0.0
        if several:
            self.files = max(0.0, (sum(several.files.values()) - sum(stage.files.values())) / (several.ranks - 1))

    def parts(self, ranks, copies=1, longer=1):
        return parts(self.stage, ranks, copies, self.growing, self.files, longer)

    def messages(self, ranks):
        kinds, steps = self.stage.kinds, (ranks - 1).bit_length()
        return (sum(kinds.values()) * ranks * steps + (kinds["sum"] + kinds["agreement"]) * 2 * (ranks - 1) +
                kinds["broadcast"] * (ranks - 1) + kinds["gather"] * 2 * ranks * steps)


def print_table(heads, rows):
    print("| " + " | ".join(heads) + " |\n" + "| --- " * len(heads) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def scaling_row(name, model, ranks):
    stage, one = model.stage, sum(model.parts(1).values())
    strong, weak = [model.parts(r) for r in ranks], [model.parts(r, r) for r in ranks]
    return ([name, str(stage.units), "%.2f" % stage.busy, "%.2f" % stage.outside, model.axis] +
            ["%.1f" % (one / sum(s.values())) for s in strong] + [bottleneck(stage, strong[-1], ranks[-1])] +
            ["%.2f" % (one / sum(w.values())) for w in weak] + [bottleneck(stage, weak[-1], ranks[-1])])


def traffic_row(name, model, ranks):
    stage = model.stage
    return [name, str(sum(stage.kinds.values())), "%.0f" % (stage.value["payload"] / 1000)] + [
        "%.2g" % model.messages(r) for r in ranks] + [str(stage.files["root"]), "%.0f" % model.files]


def target_row(name, model, ranks, variants, people):
    copies, longer = (variants, people) if model.axis == "variants" else (people, 1)
    split = [model.parts(r, copies, longer) for r in ranks]
    return [name] + ["%.2g" % (sum(s.values()) / 60) for s in split] + [bottleneck(model.stage, split[-1], 1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base")
    parser.add_argument("stages", nargs="*")
    parser.add_argument("--variants")
    parser.add_argument("--people")
    parser.add_argument("--growth", type=float, default=3.0)
    parser.add_argument("--ranks-run")
    parser.add_argument("--ranks", default="4,64,1024,4096")
    parser.add_argument("--target", nargs=2, type=float)
    options = parser.parse_args()
    ranks = [int(r) for r in options.ranks.split(",")]
    larger = {axis: stages_of(folder) for axis, folder in (("variants", options.variants), ("people", options.people)) if folder}
    several = stages_of(options.ranks_run) if options.ranks_run else {}
    models = {name: Model(name, stage, {axis: runs[name] for axis, runs in larger.items() if name in runs}, several.get(name), options.growth)
              for name, stage in stages_of(options.base).items() if not options.stages or name in options.stages}
    print_table(["stage", "units", "in units s", "outside s", "grows with"] + ["strong %d" % r for r in ranks] + ["bottleneck"] +
                ["weak %d" % r for r in ranks] + ["bottleneck"], [scaling_row(n, m, ranks) for n, m in models.items()])
    print()
    print_table(["stage", "collectives", "payload kB"] + ["messages %d" % r for r in ranks] + ["file operations", "of one rank more"],
                [traffic_row(n, m, ranks) for n, m in models.items()])
    if options.target:
        print()
        print_table(["stage"] + ["minutes on %d" % r for r in ranks] + ["bottleneck"],
                    [target_row(n, m, ranks, *options.target) for n, m in models.items()])


if __name__ == "__main__":
    main()
