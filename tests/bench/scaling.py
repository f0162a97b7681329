#!/usr/bin/python3
"""How a stage would scale, from the unit times of one run: metrics/STAGE.trace.json and metrics/STAGE.prom of its output folder.

    scaling.py FOLDER [STAGE...] [--ranks 1,16,256,4096]

The units of each phase are dealt out cyclically, as the program does, phase after phase; what the run spent outside of
units is taken as serial and the same on any number of ranks. Strong: the same data. Weak: R times the units. The limit is
named: serial part, too few units, or uneven units. Not in it: the network, a busy file system, start-up of many ranks.
"""
import argparse
import json
import pathlib


def makespan(times, ranks):
    return max((sum(times[r::ranks]) for r in range(min(ranks, len(times)))), default=0.0)


def limit(phases, ranks, serial, total):
    if serial > 0.5 * total:
        return "serial part"
    if all(len(times) < ranks for times in phases):
        return "too few units"
    return "uneven units" if total > 1.25 * (serial + sum(sum(t) for t in phases) / ranks) else "none"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("stages", nargs="*")
    parser.add_argument("--ranks", default="1,4,16,64,256,1024,4096")
    options = parser.parse_args()
    ranks = [int(r) for r in options.ranks.split(",")]
    folder = pathlib.Path(options.folder) / "metrics"
    print("| stage | units | serial s |" + "".join(" %d |" % r for r in ranks) + " limit at %d | weak, %d |" % (ranks[-1], ranks[-1]))
    print("| --- |" + " --- |" * (len(ranks) + 4))
    for path in sorted(folder.glob("*.trace.json")):
        stage = path.name.removesuffix(".trace.json")
        if options.stages and stage not in options.stages:
            continue
        phases = {}
        for event in json.loads(path.read_text())["traceEvents"]:
            if event["ph"] == "X":
                phases.setdefault(event["cat"], {})[int(event["name"].rsplit(" ", 1)[1])] = event["dur"] * 1e-6
        phases = [[units[u] for u in sorted(units)] for units in phases.values()]
        metrics = dict(line.rsplit(" ", 1) for line in (folder / (stage + ".prom")).read_text().splitlines() if line[0] != "#")
        value = {name.split("{")[0]: float(number) for name, number in metrics.items()}
        serial = max(0.0, value["salus_stage_seconds"] - value["salus_stage_unit_seconds"] / value["salus_stage_ranks"])
        one = serial + sum(makespan(t, 1) for t in phases)
        strong = [serial + sum(makespan(t, r) for t in phases) for r in ranks]
        weak = serial + sum(makespan(t * ranks[-1], ranks[-1]) for t in phases) if sum(map(len, phases)) * ranks[-1] < 10**7 else float("nan")
        print("| %s | %d | %.2f |" % (stage, sum(map(len, phases)), serial) + "".join(" %.1f x |" % (one / s) for s in strong) +
              " %s | %.2f |" % (limit(phases, ranks[-1], serial, strong[-1]), one / weak))


if __name__ == "__main__":
    main()
