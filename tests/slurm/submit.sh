#!/usr/bin/env bash
# salus submit, status and cancel on a real SLURM cluster of two nodes on this machine: chains by srun and by mpirun,
# submission twice, a refused partition and account, the signal before the time limit, a node that loses power, a cancelled link of the chain.
# Whatever happens, the results have the bytes of the undisturbed demo.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
command -v strace >/dev/null || exit 77
[[ -d $SALUS_DEMO/association ]] || fail "needs the finished demo job in $SALUS_DEMO"
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"
cluster=$(mktemp -d /tmp/salus-slurm-XXXX)
trap '"$SALUS_SOURCE/slurm/slurm-down.sh" --dir "$cluster" --purge >/dev/null 2>&1' EXIT
if environment=$("$SALUS_SOURCE/slurm/slurm-up.sh" --dir "$cluster" --nodes 2 --cpus 2 --mem 4096); then eval "$environment"; else exit $?; fi
node() { "$SALUS_SOURCE/slurm/slurm-node.sh" --dir "$cluster" "$@"; }

# The first start of association takes as many microseconds longer for every part as $SALUS_TMP/slow says.
cat >"$SALUS_TMP/program" <<END
#!/usr/bin/env bash
[[ -e $SALUS_TMP/slow && "\$*" == *--stage\ association\ * && \${SLURM_RESTART_COUNT:-0} == 0 ]] || exec "$SALUS" "\$@"
exec strace -D -f -qq -o /dev/null -e trace=rename -e "inject=rename:delay_enter=\$(cat "$SALUS_TMP/slow")" "$SALUS" "\$@"
END
chmod +x "$SALUS_TMP/program"
site() { printf 'program = "%s"\ncores_per_node = 2\nmemory_per_node_gib = 4\n' "$SALUS_TMP/program"; printf '%s\n' "$@"; }
submit() { "$SALUS" submit "$demo_job" --output "$out" --site "$SALUS_TMP/site.toml" --ranks 4 "$@"; }
state_of() { squeue -h -j "$1" -t all -o %T 2>/dev/null; }
job_of() { awk -v stage="$1" '$2 == stage { id = $3 } END { print id }' "$out/slurm/jobs.log"; }
wait_until() { # seconds, what, COMMAND...
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        ((SECONDS < end)) || { "$SALUS" status "$out" >&2; tail -n 20 "$out"/slurm/association.log "$cluster/log/slurmctld.log" >&2; fail "waited too long for $what"; }
        sleep 0.2
    done
}
is_complete() { [[ -e $out/state/$1.toml ]]; }
is_state() { [[ $(state_of "$1") == "$2" ]]; }
has_parts() { [[ $(cat "$out/work/$1"/*/journal-r*.log 2>/dev/null | wc -l) -ge $2 ]]; }
# SLURM holds a requeued job for two minutes: not here. But not at once: for a while a node still revokes the job that it ended.
pending_from=
goes_on_to_complete() {
    if is_state "$1" PENDING; then
        : "${pending_from:=$SECONDS}"
        ((SECONDS - pending_from < 4)) || { scontrol update JobId="$1" StartTime=now || true; }
    else
        pending_from=
    fi
    is_complete "$2"
}
was_restarted() { [[ $(scontrol show job "$1" | grep -o 'Restarts=[0-9]*') == Restarts=1 ]]; }
# A run that is complete up to association.
begin_at_association() {
    cp -a "$SALUS_DEMO" "$out"
    rm -rf "$out"/{association,risk,report} "$out"/state/{association,risk,report}.toml "$out/slurm"
}
same_results() { local stage; for stage in "$@"; do diff -r "$SALUS_DEMO/$stage" "$out/$stage" || fail "$stage differs"; done; }

echo "--- refused at once, nothing submitted"
out=$SALUS_TMP/refused
site 'partition = "nowhere"' >"$SALUS_TMP/site.toml"
expect 2 submit
says 'sbatch would refuse a batch script' 'ingest_genomes.sbatch' 'nowhere'
expect 2 submit --test-only
site 'partition = "closed"' 'account = "strangers"' >"$SALUS_TMP/site.toml"
expect 2 submit
site 'qos = "has blanks"' 'memory_per_node = 3' >"$SALUS_TMP/site.toml"
expect 2 submit
says "no parameter" "'qos' must be a plain name"
site >"$SALUS_TMP/site.toml"
expect 2 submit --site "$SALUS_TMP/none.toml"
[[ -z $(squeue -h -t all) ]] || fail "a job was submitted"

echo "--- a chain by mpirun, submitted twice, status on the way"
out=$SALUS_TMP/mpirun
site 'launcher = "mpirun"' >"$SALUS_TMP/site.toml"
expect 0 submit --test-only
submit >"$SALUS_TMP/first"
[[ $(grep -c submitted "$SALUS_TMP/first") == 7 ]] || fail "not all stages were submitted: $(cat "$SALUS_TMP/first")"
submit >"$SALUS_TMP/second"
! grep -q submitted "$SALUS_TMP/second" || fail "stages were submitted twice: $(cat "$SALUS_TMP/second")"
"$SALUS" status "$out" | grep -q 'report *waiting *SLURM job .* PENDING (Dependency)' || fail "status: $("$SALUS" status "$out")"
wait_until 60 "the chain by mpirun" is_state "$(job_of report)" COMPLETED
same_as_demo "$out"
[[ $(submit | tail -1) == "nothing is left to do" ]] || fail "something was left to do"
grep -q '"complete": true' "$out/run.json" || fail "run.json"
grep -q '"ranks": 4' "$out/run.json" || fail "not four ranks"
rm "$out/association/association.h5"
submit >"$SALUS_TMP/third"
[[ $(awk '/submitted/ { print $1 }' "$SALUS_TMP/third" | xargs) == 'association risk report' ]] || fail "not what depends: $(cat "$SALUS_TMP/third")"
wait_until 60 "what was missing" is_state "$(job_of report)" COMPLETED
same_as_demo "$out"

echo "--- one node loses power in the middle of a stage by srun"
out=$SALUS_TMP/crash
site >"$SALUS_TMP/site.toml"
begin_at_association
echo 1000000 >"$SALUS_TMP/slow"
submit --until association >/dev/null
job=$(job_of association)
wait_until 60 "parts of association" has_parts association 2
"$SALUS" status "$out" | grep -q "association *begun .* of .* units.*SLURM job $job RUNNING" || fail "status: $("$SALUS" status "$out")"
if [[ $(cat "$cluster/etc/isolate") == yes ]]; then
    node crash n2
    wait_until 60 "SLURM to miss the node" was_restarted "$job"
    node start n2
    wait_until 90 "association after the crash" goes_on_to_complete "$job" association
    grep -q 'parts are intact from an earlier run' "$out/slurm/association.log" || fail "nothing was kept over the crash"
else
    wait_until 60 "association" is_complete association
fi
same_results association

echo "--- the signal before the time limit: stops, is queued again, goes on"
out=$SALUS_TMP/limit
begin_at_association
submit --until association >/dev/null
job=$(job_of association)
wait_until 60 "parts of association" has_parts association 1
scancel --batch --signal=USR1 "$job"  # as --signal=B:USR1 of the script has SLURM do
wait_until 60 "the requeue" was_restarted "$job"
wait_until 90 "association after the signal" goes_on_to_complete "$job" association
grep -q 'exit code 75 with progress; queued again' "$out/slurm/association.log" || fail "was not queued again by the exit code"
grep -q 'parts are intact from an earlier run' "$out/slurm/association.log" || fail "nothing was kept over the signal"
same_results association

echo "--- a link is cancelled from outside: what waits for it goes, nothing is queued again, submit repairs"
out=$SALUS_TMP/cancelled
site >"$SALUS_TMP/site.toml"
begin_at_association
submit >/dev/null
job=$(job_of association)
wait_until 60 "parts of association" has_parts association 1
scancel "$job"
wait_until 30 "the end of the chain" is_state "$(job_of report)" CANCELLED
wait_until 30 "the end of the link" is_state "$job" CANCELLED
submit >"$SALUS_TMP/again"
[[ $(awk '/submitted/ { print $1 }' "$SALUS_TMP/again" | xargs) == 'association risk report' ]] || fail "submitted again: $(cat "$SALUS_TMP/again")"
"$SALUS" cancel "$out" | grep -q 'ended SLURM jobs: [0-9]*, [0-9]*, [0-9]*' || fail "cancel"
wait_until 30 "an empty queue" eval '[[ -z $(squeue -h) ]]'
nothing_final=$(find "$out" -name 'association.h5')
[[ -z $nothing_final ]] || fail "a result of a cancelled stage"
rm "$SALUS_TMP/slow"
submit >/dev/null
wait_until 60 "the report" is_complete report
same_as_demo "$out"
