#!/usr/bin/env bash
# What a run leaves for people and machines around it: JSON log, metrics, timeline, RO-Crate, audit log; one stage alone;
# and the memory of every stage against its plan.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"
out=$SALUS_TMP/out

expect 2 "$SALUS" run "$demo_job" --output "$out" --stage quality --threads 1
says 'stage ingest_genomes is not complete yet' '--stage ingest_genomes'
expect 2 "$SALUS" run "$demo_job" --output "$out" --stage qualty
says "did you mean 'quality'"
for stage in "${demo_results[@]}"; do
    "$SALUS" run "$demo_job" --output "$out" --stage "$stage" --threads 1 --log-format json 2>>"$SALUS_TMP/log.ndjson" || fail "$stage alone"
done
same_as_demo "$out"
"$SALUS" submit "$demo_job" --output "$out" --dry-run >"$SALUS_TMP/scripts"
[[ $(tail -n 1 "$SALUS_TMP/scripts") == 'nothing is left to do' && $(grep -c ' is complete$' "$SALUS_TMP/scripts") == "${#demo_results[@]}" ]] &&
    ! grep -q '#SBATCH' "$SALUS_TMP/scripts" || fail "a script of what is complete"
mv "$out/state/report.toml" "$SALUS_TMP/report.toml"
"$SALUS" submit "$demo_job" --output "$out" --dry-run >"$SALUS_TMP/scripts"
[[ $(grep -c '^#!' "$SALUS_TMP/scripts") == 1 ]] && grep -q 'report.sbatch$' "$SALUS_TMP/scripts" || fail "not the script of the one stage that is left"
mv "$SALUS_TMP/report.toml" "$out/state/report.toml"
cp "$out/ingest_health/events.h5" "$SALUS_TMP/events.h5"
printf 'x' >>"$out/ingest_health/events.h5"
expect 6 "$SALUS" run "$demo_job" --output "$out" --stage phenotypes
says 'a result of stage ingest_health is missing or changed'
cp "$SALUS_TMP/events.h5" "$out/ingest_health/events.h5"
expect 6 "$SALUS" run "$demo_job" --output "$out" --stage phenotypes --set seed=2 --log-format json
grep -q '"exit_code": 6' "$SALUS_TMP/stderr" || fail "no JSON error"

[[ $("$SALUS" verify-log "$out") == "ok  "*" lines, head "* ]] || fail "verify-log"
expect 7 "$SALUS" export "$out/phenotypes/phenotypes.h5" --table samples --release 10 --output "$SALUS_TMP/samples.tsv"
grep -q '"event": "release_refused"' "$out/audit.log" || fail "the refusal is not in the audit log"
"$SALUS" verify-log "$out/audit.log" >/dev/null
cp "$out/audit.log" "$SALUS_TMP/audit.log"
head -n 3 "$SALUS_TMP/audit.log" >"$out/audit.log"
expect 6 "$SALUS" verify-log "$out"
says 'the end of the audit log is missing'
sed 's/quality/QUALITY/' "$SALUS_TMP/audit.log" >"$out/audit.log"
expect 6 "$SALUS" verify-log "$out"
cp "$out/audit.log" "$SALUS_TMP/changed.log"
expect 6 "$SALUS" run "$demo_job" --output "$out" --stage report # before any work, and nothing is added
says 'move the log away, and a new one begins'
cmp "$out/audit.log" "$SALUS_TMP/changed.log"
cp "$SALUS_TMP/audit.log" "$out/audit.log"
mv "$out/resolved.toml" "$SALUS_TMP/resolved.toml"
touch "$out/resolved.toml"
for command in verify status; do
    expect 6 "$SALUS" $command "$out"
    says 'the record of the stages of a run is damaged'
done
mv "$SALUS_TMP/resolved.toml" "$out/resolved.toml"
grep -qE 'S0[0-9]{6}' "$SALUS_TMP/audit.log" "$SALUS_TMP/log.ndjson" "$out/ro-crate-metadata.json" && fail "an identifier"

/usr/bin/python3 - "$out" "$SALUS_TMP/log.ndjson" <<'END' || fail "records"
import hashlib, json, pathlib, sys
out = pathlib.Path(sys.argv[1])
lines = [json.loads(line) for line in open(sys.argv[2])]
assert len(lines) > 20 and all({"time", "source", "rank", "level", "message"} <= set(line) for line in lines)
crate = json.loads((out / "ro-crate-metadata.json").read_text())
graph = {entity["@id"]: entity for entity in crate["@graph"]}
assert graph["ro-crate-metadata.json"]["about"]["@id"] == "./"
parts = [part["@id"] for part in graph["./"]["hasPart"]]
assert len(parts) >= 7 and all((out / part).exists() for part in parts), parts
for part in parts:
    if (out / part).is_file():
        assert graph[part]["sha256"] == hashlib.sha256((out / part).read_bytes()).hexdigest(), part
for reference in graph["#run"]["object"] + graph["#run"]["result"]:
    assert reference["@id"] in graph
for stage in ("ingest_genomes", "quality", "association"):
    trace = json.loads((out / "metrics" / (stage + ".trace.json")).read_text())
    units = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    metrics = dict(line.rsplit(" ", 1) for line in (out / "metrics" / (stage + ".prom")).read_text().splitlines() if line[0] != "#")
    assert int(metrics['salus_stage_units{stage="%s"}' % stage]) == len(units) > 0, stage
END
bash "$SALUS_SOURCE/tests/bench/memory.sh" "$SALUS" "$demo_job" "$out"
