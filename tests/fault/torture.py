#!/usr/bin/python3
"""Seeded faults against one stage of the demo job at a time: each case disturbs a run, looks at what it left, and lets
the same command go on.

    torture.py --salus PROGRAM --source FOLDER --work FOLDER [--seed N] [--cases N] [--budget SECONDS]
               [--only SEED/CASE] [--sweep kill|errno] [--cycles N] [--report FILE]

A case is a function of (seed, number): kind of fault x call and its number, or time x stage x rank. Asserted of every
case: nothing partial under a final name; the exit code is of the class that belongs to the fault; no hang over 60 s (on
a busy machine: 20 x the undisturbed job); no key and no identifier in logs; after the same command again the bytes of an undisturbed run and nothing temporary; memory
of the undisturbed command below the plan. A failure prints the one line that repeats it. Exit code 1 if a case failed.
"""
import argparse
import collections
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

STAGES = ["ingest_genomes", "ingest_health", "phenotypes", "quality", "association", "risk", "report"]
CALLS = ["write", "pwrite64", "fsync", "fdatasync", "rename", "mkdir", "ftruncate", "unlink"]
ERRNOS = ["ENOSPC", "EIO", "EDQUOT"]
KINDS = ["kill_call", "kill_time", "errno", "errno_on", "short", "flip", "cut", "swap", "stop", "signal", "slow"]
HANG = 60
KEY = "c4n4ry" + hashlib.sha256(b"key of the torture harness").hexdigest()
IDENTIFIER = re.compile(rb"\bS0\d{6}\b|\b10[01]\d{3}\b")

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
/* Every write to a file that is longer than one byte writes only a part of it, as a full or slow disk may. */
static size_t part(int fd, size_t n) { return fd > 2 && n > 1 ? (n + 2) / 3 : n; }
ssize_t write(int fd, const void *b, size_t n) {
    static ssize_t (*next)(int, const void *, size_t);
    if (!next) next = dlsym(RTLD_NEXT, "write");
    return next(fd, b, part(fd, n));
}
ssize_t pwrite(int fd, const void *b, size_t n, off_t o) {
    static ssize_t (*next)(int, const void *, size_t, off_t);
    if (!next) next = dlsym(RTLD_NEXT, "pwrite");
    return next(fd, b, part(fd, n), o);
}
ssize_t pwrite64(int fd, const void *b, size_t n, off_t o) { return pwrite(fd, b, n, o); }
"""


class Failed(Exception):
    pass


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Harness:
    def __init__(self, options):
        self.salus, self.source, self.work = options.salus, pathlib.Path(options.source), pathlib.Path(options.work)
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.key = self.work / "key"
        self.key.touch(mode=0o600)
        self.key.write_text(KEY + "\n")
        self.job = self.source / "jobs/demo.toml"
        self.golden = self.work / "golden"
        self.parts = {}  # (stage, phase, unit) -> digest, the same in every run
        self.counts = {}
        self.tally = collections.Counter()
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-x", "c", "-", "-o", self.work / "short.so", "-ldl"],
                       input=SHIM.encode(), check=True)
        self.limit = 600  # until it is known how busy the machine is
        done = self.run(self.command("report", self.golden, whole=True))
        self.limit = max(HANG, 20 * done.seconds)
        self.seconds = done.seconds
        if done.code != 0:
            raise Failed("the undisturbed run ended with %d: %s" % (done.code, done.said.decode()))
        self.results = {s: self.result_digests(self.golden, s) for s in STAGES}
        plan = json.loads(subprocess.run([self.salus, "plan", self.job, "--json"], capture_output=True, check=True).stdout)
        self.memory = {s["name"]: s["memory_bytes_per_rank"] for s in plan["stages"]}

    # --- runs

    def command(self, stage, out, whole=False):
        words = [self.salus, "run", self.job, "--output", out, "--threads", "1",
                 "--set", "ingest_health.pseudonym_key=%s" % self.key]
        return words if whole else words + ["--stage", stage]

    def on_ranks(self, ranks, rank, plain, disturbed):
        """The command on some ranks, one of which is disturbed."""
        if ranks == 1:
            return disturbed
        words = ["mpirun", "--oversubscribe"]
        for r in range(ranks):
            words += [":"] * (r > 0) + ["-n", "1"] + (disturbed if r == rank else plain)
        return words

    def run(self, words, during=None, environment=None):
        begin = time.monotonic()
        process = subprocess.Popen([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, start_new_session=True,
                                   env=dict(os.environ, OMP_NUM_THREADS="1", **(environment or {})))
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
        for earlier in STAGES[:STAGES.index(stage)]:
            shutil.copytree(self.golden / earlier, out / earlier, copy_function=os.link)
            shutil.copy(self.golden / "state" / (earlier + ".toml"), out / "state")

    def count(self, stage):
        """How often the busiest thread makes each call, and how long the stage takes."""
        if stage not in self.counts:
            out, trace = self.work / "count", self.work / "trace"
            self.base(stage, out)
            done = self.run(["strace", "-f", "-qq", "-o", trace, "-e", "trace=" + ",".join(CALLS)] + self.command(stage, out))
            if done.code != 0:
                raise Failed("tracing %s ended with %d" % (stage, done.code))
            per_thread = collections.Counter()
            for line in trace.read_text(errors="replace").splitlines():
                found = re.match(r"(\d+)\s+(\w+)\(", line)
                if found:
                    per_thread[found.groups()] += 1
            most = collections.Counter()
            for (_, call), n in per_thread.items():
                most[call] = max(most[call], n)
            self.base(stage, out)
            self.counts[stage] = (most, self.run(self.command(stage, out)).seconds)
        return self.counts[stage]

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
                if len(fields) != 5:
                    continue
                unit, known = (stage, journal.parent.name, fields[0]), self.parts.setdefault((stage, journal.parent.name, fields[0]), fields[2])
                if known != fields[2]:
                    raise Failed("unit %s was once another part" % (unit,))
                part = journal.parent / ("part-%06d.h5" % int(fields[0]))
                if not part.exists():
                    if not (out / "state" / (stage + ".toml")).exists():  # else: killed while parts were being removed
                        raise Failed("%s is in the journal of %s but not there" % (part.name, stage))
                elif digest(part) != known:
                    raise Failed("%s of %s has other bytes than the journal says" % (part.name, stage))
        for path in list((out / "work").rglob("*")) + list((out / "state").glob("*")) + [out / "run.log", out / "run.json"]:
            if path.is_file() and KEY.encode() in path.read_bytes():
                raise Failed("the key of pseudonyms is in %s" % path.name)
        if (out / "run.log").exists():
            self.check_said((out / "run.log").read_bytes())

    def check_said(self, said):
        if KEY.encode() in said:
            raise Failed("the key of pseudonyms is in the log")
        found = IDENTIFIER.search(said)
        if found:
            raise Failed("an identifier is in the log: %r" % said[max(0, found.start() - 60):found.end()])

    def check_code(self, done, allowed, what):
        self.check_said(done.said)
        if done.code not in allowed:
            raise Failed("%s ended with %d, not one of %s: %s" % (what, done.code, sorted(allowed), done.said.decode(errors="replace")[-600:]))

    def go_on(self, stage, out, ranks, refused=()):
        """The same command again. `refused`: exit codes that may come first; --fresh answers them."""
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

    def strace(self, stage, out, call, what):
        return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e", "inject=%s:%s" % (call, what)] + \
            self.command(stage, out)

    def inject(self, stage, out, ranks, rank, call, what):
        return self.run(self.on_ranks(ranks, rank, self.command(stage, out), self.strace(stage, out, call, what)))

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
        """A flip, a cut or a swap of something that the next start looks at. Returns whether it is of an earlier stage."""
        mine = [p for p in (out / "work" / stage).rglob("*") if p.is_file() and p.stat().st_size > 1]
        earlier = [p for s in STAGES[:STAGES.index(stage)] for p in (out / s).rglob("*") if p.is_file()]
        pool = mine if mine and (not earlier or rng.random() < 0.7) else earlier
        if not pool:
            return None
        path = rng.choice(sorted(pool))
        data = bytearray(path.read_bytes())
        if kind == "swap":
            other = rng.choice(sorted(p for p in pool if p.suffix == path.suffix))
            swapped = other.read_bytes()
            replace(other, bytes(data))
            data = bytearray(swapped)
        elif kind == "cut":
            data = data[:rng.randrange(len(data))]
        else:
            bit = rng.randrange(8 * len(data))
            data[bit // 8] ^= 1 << (bit % 8)
        replace(path, bytes(data))
        return pool is earlier

    def case(self, seed, number):
        rng = random.Random("%s/%d" % (seed, number))
        kind, stage, out = rng.choice(KINDS), rng.choice(STAGES), self.work / "out"
        ranks = rng.choice([1, 1, 2])
        rank = rng.randrange(ranks)
        most, seconds = self.count(stage)
        call = rng.choice([c for c in CALLS if most[c] > 0])
        when = rng.randint(1, most[call])
        moment = rng.uniform(0, seconds)
        self.base(stage, out)
        plain = self.command(stage, out)
        crash = {0, 137, -9, 1, 5, 6, 9, 75, 134, 139, 143}  # mpirun has its own view of a dead rank
        refused = ()
        if kind == "kill_call" or kind in ("flip", "cut", "swap"):
            done = self.inject(stage, out, ranks, rank, call, "signal=KILL:when=%d" % when)
            self.check_code(done, crash if ranks > 1 else {0, 137, -9}, kind)
        elif kind == "kill_time":
            done = self.run(self.on_ranks(ranks, rank, plain, plain), self.signal_rank(moment, rank, [signal.SIGKILL]))
            self.check_code(done, crash if ranks > 1 else {0, 137, -9}, kind)
        elif kind in ("errno", "errno_on"):
            call = rng.choice([c for c in CALLS if most[c] > 0 and c != "write"]) if ranks > 1 else call
            when = rng.randint(1, most[call])
            done = self.inject(stage, out, ranks, rank, call, "error=%s:when=%d%s" % (rng.choice(ERRNOS), when, "+" * (kind == "errno_on")))
            self.check_code(done, {0, 5}, kind)
        elif kind == "short":
            done = self.run(plain, environment={"LD_PRELOAD": str(self.work / "short.so")})
            self.check_code(done, {0}, kind)
        elif kind == "stop":
            done = self.run(self.on_ranks(ranks, rank, plain, plain),
                            self.signal_rank(moment, rank, [signal.SIGSTOP, signal.SIGCONT], 1.0))
            self.check_code(done, {0}, kind)
        elif kind == "signal":
            number = rng.choice([signal.SIGTERM, signal.SIGUSR1, signal.SIGINT])
            done = self.run(self.on_ranks(ranks, rank, plain, plain), self.signal_rank(moment, rank, [number]))
            self.check_code(done, {0, 75, -number, 128 + number} | ({1} if ranks > 1 else set()), kind)
        else:
            done = self.inject(stage, out, ranks, rank, rng.choice(["fsync", "pwrite64"]), "delay_exit=%d:when=1+7" % rng.randrange(200000))
            self.check_code(done, {0}, kind)
        self.check_left(stage, out)
        if done.code == 0 and self.result_digests(out, stage) != self.results[stage]:
            raise Failed("exit code 0 with other results")
        if kind in ("flip", "cut", "swap") and done.code != 0:
            if self.damage(rng, kind, stage, out):
                refused = (6,)
        if not self.go_on(stage, out, rng.choice([1, 2]), refused):
            self.base(stage, out)
        self.tally[kind] += 1
        self.tally["reached" if done.code != 0 else "survived"] += 1
        return "%s %s rank %d of %d, exit code %d" % (kind, stage, rank, ranks, done.code)

    def sweep(self, kind, stage, call, when):
        out = self.work / "out"
        self.base(stage, out)
        what = "signal=KILL:when=%d" if kind == "kill" else "error=" + ERRNOS[when % 3] + ":when=%d"
        done = self.inject(stage, out, 1, 0, call, what % when)
        self.check_code(done, {0, 137, -9} if kind == "kill" else {0, 5}, kind)
        self.check_left(stage, out)
        if done.code == 0 and self.result_digests(out, stage) != self.results[stage]:
            raise Failed("exit code 0 with other results")
        self.go_on(stage, out, 1)
        self.tally["sweep_" + kind] += 1
        self.tally["reached" if done.code != 0 else "survived"] += 1

    def cycles(self, seed, number):
        """Kills the whole job again and again, each time within half of its undisturbed time, until it is complete."""
        rng, out, kills = random.Random("cycles %s/%d" % (seed, number)), self.work / "cycled", 0
        shutil.rmtree(out, ignore_errors=True)
        plain = self.command("report", out, whole=True)
        while True:
            done = self.run(plain, self.signal_rank(rng.uniform(0, self.seconds / 2), 0, [signal.SIGKILL]))
            self.check_code(done, {0, -9}, "a cycle")
            for stage in STAGES:
                self.check_left(stage, out)
            if done.code == 0:
                break
            kills += 1
            self.tally["cycles"] += 1
        for stage in STAGES:
            if self.result_digests(out, stage) != self.results[stage]:
                raise Failed("other results after %d kills" % kills)
        return "%d kills" % kills


def replace(path, data):
    path.unlink()  # it may be a hard link
    path.write_bytes(data)


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


def main():
    parser = argparse.ArgumentParser()
    for name in ("--salus", "--source", "--work"):
        parser.add_argument(name, required=True)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--budget", type=float, default=1e9)
    parser.add_argument("--only")
    parser.add_argument("--sweep", choices=["kill", "errno"])
    parser.add_argument("--stages", default=",".join(STAGES))
    parser.add_argument("--cycles", type=int, default=0)
    parser.add_argument("--report")
    options = parser.parse_args()
    harness = Harness(options)
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

    if options.only:
        seed, number = options.only.split("/")
        attempt("--only " + options.only, lambda: harness.case(seed, int(number)))
    elif options.sweep:
        for stage in options.stages.split(","):
            most, _ = harness.count(stage)
            for call in CALLS:
                for when in range(1, most[call] + 1):
                    if over():
                        break
                    attempt("--sweep %s: %s, %s %d" % (options.sweep, stage, call, when),
                            lambda: harness.sweep(options.sweep, stage, call, when))
    elif options.cycles:
        number = 0
        while harness.tally["cycles"] < options.cycles and not over():
            attempt("--cycles: seed %s/%d" % (options.seed, number), lambda: harness.cycles(options.seed, number))
            number += 1
    else:
        for number in range(options.cases):
            if over():
                break
            attempt("--only %s/%d" % (options.seed, number), lambda: harness.case(options.seed, number))
    summary = "%d failures; %s; %.0f s" % (failures, ", ".join("%s %d" % i for i in sorted(harness.tally.items())), time.monotonic() - begin)
    print(summary)
    if options.report:
        pathlib.Path(options.report).write_text(summary + "\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
