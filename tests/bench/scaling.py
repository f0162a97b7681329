#!/usr/bin/python3
"""How stages would scale to many ranks, from finished runs on one rank: metrics/STAGE.trace.json and metrics/STAGE.prom.

    scaling.py BASE [--variants FOLDER] [--people FOLDER] [--ranks-run FOLDER] [--ranks 4,64,1024,4096] [STAGE...]

BASE, and the same job with GROWTH times the variants, or the people, are runs on one rank; --ranks-run is BASE's job on some ranks.

Time on R ranks = a + b g + the longest rank's units, phase after phase, dealt out cyclically as the program does
                + rounds x LATENCY + payload x doublings / BANDWIDTH + file operations / RATE.
g: size of the data, as a multiple of BASE. a + b is what BASE spent outside of units; b, what grows with the data (the root
joins tables, writes results), is the difference to the larger run; without one, all of it is taken as fixed.
File operations: those of BASE, and R - 1 times what one rank more asks for (from --ranks-run).
Strong: the same data. Weak: R times the data, along whichever axis gives the stage more units.
The bottleneck is the largest part at the last number of ranks. Not in it: a busy file system, start-up of MPI itself.
"""
import argparse
import json
import pathlib
import re

LATENCY, BANDWIDTH, RATE = 3e-6, 5e9, 20_000  # s a message, bytes/s, operations/s of the metadata server


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


def parts(stage, ranks, copies, growing, per_rank_files):
    doublings = (ranks - 1).bit_length()
    return {
        "units": sum(longest(times, ranks, copies) for times in stage.phases),
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base")
    parser.add_argument("stages", nargs="*")
    parser.add_argument("--variants")
    parser.add_argument("--people")
    parser.add_argument("--growth", type=float, default=3.0)
    parser.add_argument("--ranks-run")
    parser.add_argument("--ranks", default="4,64,1024,4096")
    options = parser.parse_args()
    ranks = [int(r) for r in options.ranks.split(",")]
    last = ranks[-1]
    base = stages_of(options.base)
    larger = {axis: stages_of(folder) for axis, folder in (("variants", options.variants), ("people", options.people)) if folder}
    several = stages_of(options.ranks_run) if options.ranks_run else {}
    print("| stage | units | in units s | outside s | grows with | collectives | payload | messages at %d |" % last +
          "".join(" strong %d |" % r for r in ranks) + " bottleneck |" + "".join(" weak %d |" % r for r in ranks) + " bottleneck |")
    print("| --- |" * 1 + " --- |" * (9 + 2 * len(ranks)))
    for name, stage in base.items():
        if options.stages and name not in options.stages:
            continue
        growing, axis = 0.0, "-"
        candidates = {a: runs[name] for a, runs in larger.items() if name in runs}
        if candidates:
            axis = max(candidates, key=lambda a: (candidates[a].units, candidates[a].busy))
            growing = min(stage.outside, max(0.0, candidates[axis].outside - stage.outside) / (options.growth - 1))
        more = several.get(name)
        files = max(0.0, (sum(more.files.values()) - sum(stage.files.values())) / (more.ranks - 1)) if more else 0.0
        one = sum(parts(stage, 1, 1, growing, files).values())
        strong = [parts(stage, r, 1, growing, files) for r in ranks]
        weak = [parts(stage, r, r, growing, files) for r in ranks]
        messages = sum(stage.kinds.values()) * last * (last - 1).bit_length()
        messages += (stage.kinds["sum"] + stage.kinds["agreement"]) * 2 * (last - 1) + stage.kinds["broadcast"] * (last - 1)
        messages += stage.kinds["gather"] * 2 * last * (last - 1).bit_length()
        print("| %s | %d | %.2f | %.2f | %s | %d | %.0f kB | %.2g |" % (name, stage.units, stage.busy, stage.outside, axis,
                                                                    sum(stage.kinds.values()), stage.value["payload"] / 1000, messages) +
              "".join(" %.1f x |" % (one / sum(s.values())) for s in strong) + " %s |" % bottleneck(stage, strong[-1], last) +
              "".join(" %.2f |" % (one / sum(w.values())) for w in weak) + " %s |" % bottleneck(stage, weak[-1], last))


if __name__ == "__main__":
    main()
