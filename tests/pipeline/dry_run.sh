#!/usr/bin/env bash
# A dry run plays many ranks on one: the same results, units dealt out to the ranks that would do them, and the collective calls
# and messages that a real run on as many ranks counts.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"

"$SALUS" run "$demo_job" --output "$SALUS_TMP/played" --play-ranks 3 --threads 1 2>"$SALUS_TMP/log"
grep -q 'one rank plays 3 ranks' "$SALUS_TMP/log" || fail "the log does not tell of a dry run"
same_as_demo "$SALUS_TMP/played"
mpirun --oversubscribe -n 3 "$SALUS" run "$demo_job" --output "$SALUS_TMP/real" --threads 1 2>"$SALUS_TMP/log"
expect 2 mpirun --oversubscribe -n 2 "$SALUS" run "$demo_job" --output "$SALUS_TMP/both" --play-ranks 3
says 'a dry run plays all ranks on one'

/usr/bin/python3 - "$SALUS_TMP" <<'END'
import json, pathlib, re, sys
folder = pathlib.Path(sys.argv[1])

def metrics(run, stage):
    lines = (folder / run / "metrics" / (stage + ".prom")).read_text().splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if line[0] != "#")

def units(run, stage):
    events = json.loads((folder / run / "metrics" / (stage + ".trace.json")).read_text())["traceEvents"]
    return {event["name"]: event["tid"] for event in events if event["ph"] == "X"}

stages = [path.name.removesuffix(".prom") for path in sorted((folder / "real" / "metrics").glob("*.prom"))]
assert len(stages) == 7, stages
messages = 0
for stage in stages:
    played, real = metrics("played", stage), metrics("real", stage)
    assert units("played", stage) == units("real", stage), stage
    for name in real:
        if re.match(r"salus_stage_(ranks|collectives|messages|message_rounds)\{", name):
            assert played[name] == real[name], (name, played[name], real[name])
    messages += int(real['salus_stage_messages{stage="%s"}' % stage])
    opened = '{stage="%s",ranks="%s",operation="open"}'
    assert int(real["salus_stage_file_operations" + opened % (stage, "root")]) > 0, stage
    assert int(played["salus_stage_file_operations" + opened % (stage, "others")]) == 0, stage
assert messages > 1000, messages
END
