#!/usr/bin/env bash
# Signals in the first moments of a run, while MPI starts and the job is read: the exit code is a documented one, nothing partial is
# left, and the same command goes on to the bytes of the undisturbed run. A signal that a process is born with always ends it with 75.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"
[[ -d $SALUS_DEMO/association ]] || fail "needs the finished demo job in $SALUS_DEMO"
out=$SALUS_TMP/out
begin_at_report() { # complete up to the report
    rm -rf "$out"
    cp -al "$SALUS_DEMO" "$out"
    rm -rf "$out"/{report,report.html,state/report.toml,run.log,run.json,audit.log,owner,resolved.toml,metrics,ro-crate-metadata.json,slurm}
}
command=("$SALUS" run "$demo_job" --output "$out" --threads 1 --stage report)

echo "--- a signal before the program"
for name in USR1 TERM INT; do
    begin_at_report
    expect 75 /usr/bin/python3 -c '
import os, signal, sys
number = getattr(signal, "SIG" + sys.argv[1])
signal.pthread_sigmask(signal.SIG_BLOCK, [number])
os.kill(os.getpid(), number)
os.execv(sys.argv[2], sys.argv[2:])' "$name" "${command[@]}"
    says "stopped on request" "the same command"
    [[ ! -e $out/report/report.html ]] || fail "the report is there"
    expect 0 "${command[@]}"
    same_as_demo "$out"
done

echo "--- commands that have nothing to save end as usual"
got=0
/usr/bin/python3 -c '
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
os.kill(os.getpid(), signal.SIGTERM)
os.execv(sys.argv[1], sys.argv[1:])' "$SALUS" plan "$demo_job" >/dev/null || got=$?
[[ $got == 143 ]] || fail "plan ended with $got"

# Signalled: 75. Before the program could listen: killed by the signal. Too late: 0. mpirun has 1 for TERM, whatever its ranks say.
for ranks in 1 2; do
    launcher=()
    ((ranks == 1)) || launcher=(mpirun --oversubscribe -n $ranks)
    for name in USR1 TERM INT; do
        number=$(kill -l "$name")
        for wait in 0 0.01 0.05 0.1 0.2; do
            begin_at_report
            got=0
            # Shells start what runs in the background deaf to INT; python makes it listen.
            /usr/bin/python3 -c '
import signal, subprocess, sys, time
process = subprocess.Popen(sys.argv[3:], preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
time.sleep(float(sys.argv[2]))
process.send_signal(getattr(signal, "SIG" + sys.argv[1]))
code = process.wait(60)
sys.exit(128 - code if code < 0 else code)' "$name" "$wait" ${launcher[@]+"${launcher[@]}"} "${command[@]}" 2>"$SALUS_TMP/stderr" || got=$?
            case $got in
                0 | 75 | $((128 + number))) ;;
                1) ((ranks > 1)) || fail "exit code 1" ;;
                *) cat "$SALUS_TMP/stderr" >&2; fail "exit code $got after $name at $wait s on $ranks ranks" ;;
            esac
            echo "$name at $wait s on $ranks: $got"
            expect 0 "${command[@]}"
            same_as_demo "$out"
            nothing_left "$out"
        done
    done
done
