"""The states of the disk that a stage goes through, call by call: a process that is killed at a call leaves the disk as it is then,
so one run that stops at every call stands for as many killed ones, and states that are equal need one resumed run.
"""
import hashlib
import os
import re
import shutil
import signal
import subprocess


def states(harness, stage):
    """The states of the disk at every call that changes files, as folders by the number of the call that first met them."""
    out, kept, number = harness.work / "out", harness.work / "states", 0
    shutil.rmtree(kept, ignore_errors=True)
    harness.base(stage, out)
    seen = {}
    with open(harness.work / "said", "wb") as said:
        process = subprocess.Popen([str(w) for w in harness.disturbed(harness.command(stage, out), KIND="states")], stdin=subprocess.DEVNULL,
                                   stdout=said, stderr=said, env=dict(os.environ, OMP_NUM_THREADS="1"))
        while True:
            status = os.waitpid(process.pid, os.WUNTRACED)[1]
            if not os.WIFSTOPPED(status):
                break
            number += 1
            mark = state_mark(harness, stage, out)
            if mark not in seen:
                seen[mark] = number
                copy_state(harness, stage, out, kept / str(number))
            os.kill(process.pid, signal.SIGCONT)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise harness.failed("stopping at every call of %s ended with %d: %s" % (stage, process.returncode, (harness.work / "said").read_text()))
    return number, [(n, kept / str(n)) for n in seen.values()]


def changing(harness, stage, out):
    """What the stage may have changed, as paths below the folder of the run."""
    finished = {out / s for s in harness.stages[:harness.stages.index(stage)]}
    for path in sorted(out.rglob("*")):
        if not any(folder == path or folder in path.parents for folder in finished):
            yield path.relative_to(out)


def state_mark(harness, stage, out):
    mark = hashlib.sha256()
    for name in changing(harness, stage, out):
        mark.update(re.sub(r"\.tmp-\d+", ".tmp", str(name)).encode() + b"\0")
        if (out / name).is_file():
            mark.update(hashlib.sha256((out / name).read_bytes()).digest())
    return mark.digest()


def copy_state(harness, stage, out, copy):
    for name in changing(harness, stage, out):
        if (out / name).is_dir():
            (copy / name).mkdir(parents=True, exist_ok=True)
        else:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(out / name, copy / name)


def sweep_state(harness, stage, state):
    """A run that was killed in this state: what it left, and that the same command completes it."""
    out = harness.work / "out"
    harness.base(stage, out)
    shutil.rmtree(out / "state")
    shutil.copytree(state, out, dirs_exist_ok=True)
    shutil.rmtree(state)
    harness.check_left(stage, out)
    harness.go_on(stage, out, 1)
    harness.tally["sweep_states"] += 1
