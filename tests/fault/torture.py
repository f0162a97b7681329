#!/usr/bin/python3
"""Seeded faults against every stage, one at a time: each case disturbs a run, looks at what it left, and lets the same
command go on. The job is tests/fault/every_stage.toml on a cohort that is simulated for it.

    torture.py --salus PROGRAM --source FOLDER --work FOLDER [--stages A,B] [--budget SECONDS] [--report FILE] and one of
        --cases N [--seed N]      N random cases; --only SEED/CASE: one of them again
        --sweep kill [--most N]   killed at every call that changes files, one after the other (of each stage N at most, evenly)
        --sweep states            every state in which a kill at one of these calls would leave the disk, each state once
        --sweep errno [--most N]  ENOSPC, EIO and EDQUOT at every such call; --in_turn: one of the three at each
        --sweep reads [--most N]  EIO at every call that opens an input or a result for reading, or reads it
        --cycles N [--seed N]     the whole job killed at random moments again and again, N times
        --flips N [--seed N]      bits in journals, parts, stores and results

A case is a function of (seed, number): kind of fault x call, or time x stage x rank. Asserted of every case: nothing partial
under a final name; the exit code is of the class that belongs to the fault; no hang over 60 s (on a busy machine: 20 x the
undisturbed job); no key and no identifier in logs; after the same command again the bytes of an undisturbed run and nothing
temporary; memory below the plan. A failure prints the line that repeats it. Exit code 1 if a case failed.
"""
import argparse
import collections
import errno
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import disk_states

ERRNOS = ["ENOSPC", "EIO", "EDQUOT"]
KINDS = ["kill_call", "kill_time", "errno", "errno_on", "short", "read_errno", "short_read", "flip", "cut", "swap", "stop", "signal", "slow"]
HANG = 60
KEY = "c4n4ry" + hashlib.sha256(b"key of the torture harness").hexdigest()
CRASH = {0, 137, -9, 1, 5, 6, 9, 75, 134, 139, 143}  # mpirun has its own view of a dead rank


class Failed(Exception):
    pass


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def replace(path, data):
    path.unlink()  # it may be a hard link
    path.write_bytes(data)


def flip(path, rng):
    data = bytearray(path.read_bytes())
    bit = rng.randrange(8 * len(data))
    data[bit // 8] ^= 1 << (bit % 8)
    replace(path, bytes(data))
    return "bit %d of %s" % (bit, path.name)


def name_of(pid):
    try:
        return pathlib.Path("/proc/%d/comm" % pid).read_text().strip()
    except OSError:
        return ""


def descendants(pid):
    try:
        children = [int(c) for t in pathlib.Path("/proc/%d/task" % pid).iterdir() for c in (t / "children").read_text().split()]
    except OSError:
        children = []
    return [pid] + [d for c in children for d in descendants(c)]


class Harness:
    failed = Failed

    def __init__(self, options):
        self.in_turn = options.in_turn
        self.salus, self.source, self.work = options.salus, pathlib.Path(options.source).resolve(), pathlib.Path(options.work).resolve()
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.key = self.work / "key"
        self.key.touch(mode=0o600)
        self.key.write_text(KEY + "\n")
        self.golden = self.work / "golden"
        self.parts = {}  # (stage, phase, unit) -> digest, the same in every run
        self.counts = {}
        self.tally = collections.Counter()
        self.shim = self.work / "faults.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.shim, self.source / "tests/fault/faults.c", "-ldl"], check=True)
        self.limit = 600  # until it is known how busy the machine is
        self.make_job()
        plan = json.loads(subprocess.run([self.salus, "plan", self.job, "--json"], capture_output=True, check=True).stdout)
        self.memory = {s["name"]: s["memory_bytes_per_rank"] for s in plan["stages"]}
        self.stages = list(self.memory)
        done = self.run(self.command())
        self.limit = max(HANG, 20 * done.seconds)
        self.seconds = done.seconds
        if done.code != 0:
            raise Failed("the undisturbed run ended with %d: %s" % (done.code, done.said.decode()))
        self.results = {s: self.result_digests(self.golden, s) for s in self.stages}

    def make_job(self):
        cohort = self.work / "simulate/cohort"
        done = self.run([self.salus, "simulate", "--samples", "300", "--chromosomes", "chr1", "--chromosomes", "chr6", "--chromosomes",
                         "chr19", "--chromosomes", "chrX", "--region_mb", "0.3", "--common_per_mb", "400", "--formats", "vcf",
                         "--proteins", "2", "--seed", "5", "--output", self.work])
        if done.code != 0:
            raise Failed("simulating ended with %d: %s" % (done.code, done.said.decode()))
        stores = []
        for name, regions in (("first", ["chr1", "chr6"]), ("second", ["chr19", "chrX"])):
            words = [self.salus, "ingest_genomes", "--genotypes", cohort / "genotypes.vcf.gz", "--sample_sheet", cohort / "samples.tsv",
                     "--output", self.work / name]
            for region in regions:
                words += ["--regions", region]
            if self.run(words).code != 0:
                raise Failed("ingesting %s failed" % name)
            stores.append(name + "/ingest_genomes/genotypes.store")
        self.identifiers = {line.split(sep)[k] for name, sep, k in (("samples.tsv", "\t", 0), ("links.csv", ",", 0))
                            for line in (cohort / name).read_text().splitlines()[1:]}
        inputs = {"genotypes": ["genotypes.vcf.gz"], "stores": [self.work / s for s in stores], "sample_sheet": "samples.tsv", "omop": "omop", "links": "links.csv",
                  "annotations": "annotations.txt.gz", "feature_tables": ["features.csv"], "feature_dictionaries": ["features.dictionary.csv"],
                  "score_files": ["truth/scores/coronary_disease.txt"]}
        lines = ["%s = %s" % (name, json.dumps([str(cohort / f) for f in files] if isinstance(files, list) else str(cohort / files)))
                 for name, files in inputs.items()]
        self.job = self.work / "job.toml"
        self.job.write_text('pipeline = "%s"\noutput = "%s"\nseed = 1\n[inputs]\ndefinitions = "%s"\n%s\n[ingest_health]\npseudonym_key = "%s"\n[ingest_features]\npseudonym_key = "%s"\n' % (
            self.source / "tests/fault/every_stage.toml", self.golden, self.source / "pipelines/phenotypes/demo.toml", "\n".join(lines), self.key, self.key))

    # --- runs

    def command(self, stage=None, out=None):
        return [self.salus, "run", self.job, "--output", out or self.golden, "--threads", "1"] + (["--stage", stage] if stage else [])

    def disturbed(self, words, **faults):
        return ["env", "LD_PRELOAD=%s" % self.shim] + ["FAULTS_%s=%s" % i for i in faults.items()] + words

    def on_ranks(self, ranks, rank, plain, disturbed):
        """The command on some ranks, one of which is disturbed."""
        if ranks == 1:
            return disturbed
        words = ["mpirun", "--oversubscribe"]
        for r in range(ranks):
            words += [":"] * (r > 0) + ["-n", "1"] + (disturbed if r == rank else plain)
        return words

    def run(self, words, during=None):
        begin = time.monotonic()
        process = subprocess.Popen([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   start_new_session=True, env=dict(os.environ, OMP_NUM_THREADS="1"))
        if during:
            during(process)
        try:
            said = process.communicate(timeout=self.limit)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise Failed("still running after %d s" % self.limit)
        return argparse.Namespace(code=process.returncode, said=said, seconds=time.monotonic() - begin)

    def base(self, stage, out):
        """A run that is complete up to the stage."""
        shutil.rmtree(out, ignore_errors=True)
        (out / "state").mkdir(parents=True)
        for earlier in self.stages[:self.stages.index(stage)]:
            shutil.copytree(self.golden / earlier, out / earlier, copy_function=os.link)
            shutil.copy(self.golden / "state" / (earlier + ".toml"), out / "state")

    def count(self, stage, reads=False):
        """How many calls of the stage change files, or read them, and how long it takes."""
        if (stage, reads) not in self.counts:
            out = self.work / "count"
            self.base(stage, out)
            done = self.run(self.disturbed(self.command(stage, out), COUNT=self.work / "calls", **self.reading(reads)))
            if done.code != 0:
                raise Failed("counting the calls of %s ended with %d: %s" % (stage, done.code, done.said.decode()))
            self.counts[stage, reads] = (int((self.work / "calls").read_text()), done.seconds)
        return self.counts[stage, reads]

    def reading(self, reads=True):
        return {"READS": self.work} if reads else {}

    # --- what must hold

    def result_digests(self, out, stage):
        root = out / stage
        return {str(p.relative_to(root)): digest(p) for p in sorted(root.rglob("*")) if p.is_file() and ".tmp-" not in str(p)}

    def check_left(self, stage, out):
        """Nothing partial under a final name; no key, no identifier."""
        for name, found in self.result_digests(out, stage).items():
            if self.results[stage].get(name) != found:
                raise Failed("%s/%s is under its final name with other bytes" % (stage, name))
        for journal in (out / "work" / stage).glob("*/journal-r*.log"):
            for line in journal.read_text(errors="replace").splitlines():
                fields = line.split(" ")
                if len(fields) == 5 and len(fields[4]) == 16:
                    self.check_part(stage, out, journal, fields)
        for path in list((out / "work").rglob("*")) + list((out / "state").glob("*")) + [out / "run.log", out / "run.json"]:
            if path.is_file() and KEY.encode() in path.read_bytes():
                raise Failed("the key of pseudonyms is in %s" % path.name)
        if (out / "run.log").exists():
            self.check_said((out / "run.log").read_bytes())

    def check_part(self, stage, out, journal, fields):
        unit = (stage, journal.parent.name, fields[0])
        known = self.parts.setdefault(unit, fields[2])
        if known != fields[2]:
            raise Failed("unit %s was once another part" % (unit,))
        part = journal.parent / ("part-%06d.h5" % int(fields[0]))
        if not part.exists():
            if not (out / "state" / (stage + ".toml")).exists():  # else: killed while parts were being removed
                raise Failed("%s is in the journal of %s but not there" % (part.name, stage))
        elif digest(part) != known:
            raise Failed("%s of %s has other bytes than the journal says" % (part.name, stage))

    def check_said(self, said):
        if KEY.encode() in said:
            raise Failed("the key of pseudonyms is in the log")
        found = self.identifiers.intersection(re.findall(r"\w+", said.decode(errors="replace")))
        if found:
            raise Failed("an identifier is in the log: %s" % sorted(found)[0])

    def check_code(self, done, allowed, what):
        self.check_said(done.said)
        if done.code not in allowed:
            raise Failed("%s ended with %d, not one of %s: %s" % (what, done.code, sorted(allowed), done.said.decode(errors="replace")[-900:]))

    def check_complete(self, done, stage, out):
        if done.code == 0 and self.result_digests(out, stage) != self.results[stage]:
            raise Failed("exit code 0 with other results")

    def go_on(self, stage, out, ranks, refused=()):
        """The same command again. `refused`: exit codes that may come instead."""
        plain = self.command(stage, out)
        done = self.run(self.on_ranks(ranks, 0, plain, plain))
        self.check_code(done, {0, *refused}, "the same command")
        if done.code != 0:
            self.tally["refused"] += 1
            return False
        if self.result_digests(out, stage) != self.results[stage]:
            raise Failed("other results after going on")
        left = [p for p in out.rglob("*.tmp-*")]
        if left:
            raise Failed("%s is left" % left[0].name)
        peak = re.search(r"peak_bytes = (\d+)", (out / "state" / (stage + ".toml")).read_text())
        if int(peak[1]) > self.memory[stage]:
            raise Failed("%s needed %s bytes of %d planned" % (stage, peak[1], self.memory[stage]))
        return True

    # --- faults

    def inject(self, stage, out, ranks, rank, **faults):
        plain = self.command(stage, out)
        return self.run(self.on_ranks(ranks, rank, plain, self.disturbed(plain, **faults)))

    def signal_rank(self, seconds, rank, numbers, pause=0.0):
        """Sends signals to one rank after a time."""
        def during(process):
            time.sleep(seconds)
            name = pathlib.Path(self.salus).name[:15]  # as the system cuts it
            mine = [p for p in descendants(process.pid) if name_of(p) == name]
            if not mine:
                self.tally["came_too_late"] += 1
            else:
                pid = mine[min(rank, len(mine) - 1)]
                for number in numbers:
                    try:
                        os.kill(pid, number)
                    except ProcessLookupError:
                        return
                    time.sleep(pause)
        return during

    def damage(self, rng, kind, stage, out):
        """A flip, a cut or a swap of something that the next start looks at. Returns whether that may be refused: it is of an
        earlier stage, or an intact journal of another phase."""
        mine = [p for p in (out / "work" / stage).rglob("*") if p.is_file() and p.stat().st_size > 1]
        earlier = [p for s in self.stages[:self.stages.index(stage)] for p in (out / s).rglob("*") if p.is_file()]
        pool = mine if mine and (not earlier or rng.random() < 0.7) else earlier
        if not pool:
            return None
        path = rng.choice(sorted(pool))
        data = path.read_bytes()
        if kind == "swap":
            other = rng.choice(sorted(p for p in pool if p.suffix == path.suffix))
            swapped = other.read_bytes()
            replace(other, data)
            replace(path, swapped)
        elif kind == "cut":
            replace(path, data[:rng.randrange(len(data))])
        else:
            flip(path, rng)
        return pool is earlier or kind == "swap" and path.name.startswith("journal-")

    def case(self, seed, number, stages):
        rng = random.Random("%s/%d" % (seed, number))
        kind, stage, out = rng.choice(KINDS), rng.choice(stages), self.work / "out"
        ranks = rng.choice([1, 1, 2])
        rank = rng.randrange(ranks)
        calls, seconds = self.count(stage, "read" in kind)
        when = rng.randint(1, calls)
        moment = rng.uniform(0, seconds)
        self.base(stage, out)
        plain = self.command(stage, out)
        allowed, refused = {0}, ()
        if kind == "kill_call" or kind in ("flip", "cut", "swap"):
            done = self.inject(stage, out, ranks, rank, KIND="kill", AT=when)
            allowed = CRASH if ranks > 1 else {0, 137, -9}
        elif kind == "kill_time":
            done = self.run(self.on_ranks(ranks, rank, plain, plain), self.signal_rank(moment, rank, [signal.SIGKILL]))
            allowed = CRASH if ranks > 1 else {0, 137, -9}
        elif kind in ("errno", "errno_on"):
            faults = {"KIND": getattr(errno, rng.choice(ERRNOS)), "AT": when, **({"ON": 1} if kind == "errno_on" else {})}
            done = self.inject(stage, out, ranks, rank, **faults)
            allowed = {0, 5} | ({1} if ranks > 1 and b"MPI_INIT" in done.said else set())  # of files that MPI makes
        elif kind == "read_errno":
            done = self.inject(stage, out, ranks, rank, KIND=errno.EIO, AT=when, **self.reading())
            allowed = {0, 5}
        elif kind in ("short", "short_read"):
            done = self.inject(stage, out, ranks, rank, KIND="short", **self.reading("read" in kind))
        elif kind == "stop":
            done = self.run(self.on_ranks(ranks, rank, plain, plain),
                            self.signal_rank(moment, rank, [signal.SIGSTOP, signal.SIGCONT], 1.0))
        elif kind == "signal":
            number = rng.choice([signal.SIGTERM, signal.SIGUSR1, signal.SIGINT])
            done = self.run(self.on_ranks(ranks, rank, plain, plain), self.signal_rank(moment, rank, [number]))
            allowed = {0, 75, -number, 128 + number} | ({1} if ranks > 1 else set())
        else:
            done = self.inject(stage, out, ranks, rank, KIND="slow", MICROSECONDS=rng.randrange(50000))
        self.check_code(done, allowed, kind)
        self.check_left(stage, out)
        self.check_complete(done, stage, out)
        if kind in ("flip", "cut", "swap") and done.code != 0:
            if self.damage(rng, kind, stage, out):
                refused = (6,)
        self.go_on(stage, out, rng.choice([1, 2]), refused)
        self.tally[kind] += 1
        self.tally["reached" if done.code != 0 else "survived"] += 1
        return "%s %s rank %d of %d, exit code %d" % (kind, stage, rank, ranks, done.code)

    def sweep(self, kind, stage, when):
        out = self.work / "out"
        errors = [getattr(errno, e) for e in ERRNOS]
        if self.in_turn:
            errors = [errors[when % len(errors)]]
        for fault in {"kill": ["kill"], "errno": errors, "reads": [errno.EIO]}[kind]:
            self.base(stage, out)
            done = self.inject(stage, out, 1, 0, KIND=fault, AT=when, **self.reading(kind == "reads"))
            self.check_code(done, {0, 137, -9} if kind == "kill" else {0, 5}, str(fault))
            self.check_left(stage, out)
            self.check_complete(done, stage, out)
            self.tally["sweep_" + kind] += 1
            self.tally["reached" if done.code != 0 else "survived"] += 1
        self.go_on(stage, out, 1)

    def cycles(self, seed, number):
        """Kills the job up to the report again and again, each time within a part of its undisturbed time, until it is complete."""
        rng, out, kills = random.Random("cycles %s/%d" % (seed, number)), self.work / "cycled", 0
        shutil.rmtree(out, ignore_errors=True)
        stages = self.stages[:self.stages.index("report") + 1]
        while True:
            if self.over():
                return "not complete after %d kills" % kills
            done = self.run(self.command(out=out) + ["--until", "report"], self.signal_rank(rng.uniform(0, max(1.0, self.seconds / 8)), 0, [signal.SIGKILL]))
            self.check_code(done, {0, -9}, "a cycle")
            for stage in stages:
                self.check_left(stage, out)
            if done.code == 0:
                break
            kills += 1
            self.tally["cycles"] += 1
        self.tally["completed"] += 1
        for stage in stages:
            if self.result_digests(out, stage) != self.results[stage]:
                raise Failed("other results after %d kills" % kills)
        return "%d kills" % kills

    def half_way(self, stage):
        """A run that was killed in the middle of the stage, or nothing where no part had been finished."""
        folder = self.work / "half" / stage
        if not folder.exists():
            calls, _ = self.count(stage)
            for eighths in (4, 5, 6, 7, 3, 2):
                self.base(stage, folder)
                self.inject(stage, folder, 1, 0, KIND="kill", AT=max(1, calls * eighths // 8))
                if list((folder / "work").rglob("part-*.h5")) and not (folder / "state" / (stage + ".toml")).exists():
                    break
        return folder

    def flip_case(self, seed, number, stages):
        rng, out = random.Random("flips %s/%d" % (seed, number)), self.work / "out"
        kind, stage = ["journal", "part", "store", "result"][number % 4], rng.choice(stages)
        shutil.rmtree(out, ignore_errors=True)
        if kind in ("journal", "part"):
            pattern = "journal-r*.log" if kind == "journal" else "part-*.h5"
            while not (pool := sorted(self.half_way(stage).glob("work/*/*/" + pattern))):
                stage = rng.choice(stages)
            path = out / rng.choice(pool).relative_to(self.half_way(stage))
            shutil.copytree(self.half_way(stage), out, copy_function=os.link)
            for written in list(out.glob("work/*/*/*")) + [p for p in out.iterdir() if p.is_file()]:
                replace(written, written.read_bytes())  # the copy alone is written to
            what = flip(path, rng)
            if not self.go_on(stage, out, 1, (6,)):
                what += ", refused"
        else:
            shutil.copytree(self.golden, out, copy_function=os.link)
            pool = [p for s in self.stages for p in (out / s).rglob("*") if p.is_file() and (".store" in str(p)) == (kind == "store")]
            what = flip(rng.choice(sorted(pool)), rng)
            done = self.run([self.salus, "verify", out])
            self.check_code(done, {6}, "salus verify after a flip of " + what)
        self.tally["flip_" + kind] += 1
        return "%s %s" % (stage, what)


def evenly(count, most):
    """Numbers from 1 to count, at most `most` of them."""
    return sorted({1 + k * count // most for k in range(most)} | {count}) if count > most else range(1, count + 1)


def main():
    parser = argparse.ArgumentParser()
    for name in ("--salus", "--source", "--work"):
        parser.add_argument(name, required=True)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--budget", type=float, default=1e9)
    parser.add_argument("--only")
    parser.add_argument("--sweep", choices=["kill", "errno", "reads", "states"])
    parser.add_argument("--stages")
    for name, standard in (("--cases", 100), ("--cycles", 0), ("--flips", 0), ("--most", 10**9)):
        parser.add_argument(name, type=int, default=standard)
    parser.add_argument("--in_turn", action="store_true")
    parser.add_argument("--report")
    options = parser.parse_args()
    harness = Harness(options)
    stages = options.stages.split(",") if options.stages else harness.stages
    begin, failures = time.monotonic(), 0

    def attempt(name, action):
        nonlocal failures
        try:
            said = action()
            if options.only:
                print(name, said)
        except Failed as problem:
            failures += 1
            print("FAILED %s: %s" % (name, problem), flush=True)

    def over():
        return time.monotonic() - begin > options.budget

    harness.over = over
    if options.only:
        seed, number = options.only.split("/")
        attempt("--only " + options.only, lambda: harness.case(seed, int(number), stages))
    elif options.sweep == "states":
        for stage in stages:
            calls, states = disk_states.states(harness, stage)
            for number, state in states:
                attempt("--sweep states: %s, call %d" % (stage, number), lambda: disk_states.sweep_state(harness, stage, state))
            print("%s: %d calls, %d states, %.0f s" % (stage, calls, len(states), time.monotonic() - begin), flush=True)
            harness.tally["calls"] += calls
    elif options.sweep:
        for stage in stages:
            calls, _ = harness.count(stage, options.sweep == "reads")
            swept = evenly(calls, options.most)
            for done, when in enumerate(swept):
                if over():
                    print("%s: %d of %d calls swept, the time is over" % (stage, done, calls), flush=True)
                    break
                attempt("--sweep %s: %s, call %d" % (options.sweep, stage, when), lambda: harness.sweep(options.sweep, stage, when))
            else:
                print("%s: %d of %d calls swept, %.0f s" % (stage, len(swept), calls, time.monotonic() - begin), flush=True)
    elif options.cycles:
        number = 0
        while harness.tally["cycles"] < options.cycles and not over():
            attempt("--cycles: seed %s/%d" % (options.seed, number), lambda: harness.cycles(options.seed, number))
            number += 1
    else:
        one, count = (harness.flip_case, options.flips) if options.flips else (harness.case, options.cases)
        for number in range(count):
            if over():
                break
            attempt("%s %s/%d" % ("--flips" if options.flips else "--only", options.seed, number), lambda: one(options.seed, number, stages))
    summary = "%d failures; %s; %.0f s" % (failures, ", ".join("%s %d" % i for i in sorted(harness.tally.items())), time.monotonic() - begin)
    print(summary)
    if options.report:
        pathlib.Path(options.report).write_text(summary + "\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
