#!/usr/bin/env bash
# Two hosts that share a file system and nothing else: network namespaces with names and addresses of their own, joined by a cable.
# The demo job over both, by TCP between the ranks, has the bytes of one host; a host that vanishes ends the job, and the same
# command on both completes it.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
for tool in ip nsenter unshare; do
    command -v "$tool" >/dev/null || { echo "$tool is not installed"; exit 77; }
done
unshare --net --uts true 2>/dev/null || { echo "network namespaces are not allowed here"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"

hosts=()
trap 'kill "${hosts[@]}" 2>/dev/null || true' EXIT
for number in 1 2; do
    unshare --net --uts sh -c "hostname salus-host$number; exec sleep 600" &
    hosts+=("$!")
done
on_host() { local pid=${hosts[$1 - 1]}; shift; nsenter -t "$pid" --net --uts -- "$@"; }
for number in 1 2; do
    until [[ $(on_host "$number" hostname) == "salus-host$number" ]]; do sleep 0.05; done
done
on_host 1 ip link add cable type veth peer name cable netns "${hosts[1]}" || { echo "no cable between namespaces here"; exit 77; }
for number in 1 2; do
    on_host "$number" ip address add "10.213.77.$number/24" dev cable
    on_host "$number" ip link set lo up
    on_host "$number" ip link set cable up
done

# What mpirun starts on the other host instead of by ssh.
cat >"$SALUS_TMP/agent" <<END
#!/bin/sh
shift
exec nsenter -t ${hosts[1]} --net --uts -- sh -c "\$*"
END
chmod +x "$SALUS_TMP/agent"
on_both() {
    on_host 1 mpirun --mca plm rsh --mca plm_rsh_agent "$SALUS_TMP/agent" --mca orte_tmpdir_base "$SALUS_TMP" \
        --mca btl self,vader,tcp --mca btl_vader_backing_directory "$SALUS_TMP" --mca btl_tcp_if_include cable \
        --mca oob_tcp_if_include cable --host 10.213.77.1:2,10.213.77.2:2 -n 4 "$@"
}

expect 0 on_both "$SALUS" run "$demo_job" --output "$SALUS_TMP/whole" --threads 1
says '4 ranks x 1 threads (salus-host1 salus-host2)'
same_as_demo "$SALUS_TMP/whole"
carried=$(on_host 2 awk '$1 == "cable:" { print $2 }' /proc/net/dev)
[[ $carried -gt 100000 ]] || fail "the ranks exchanged $carried bytes over the cable"

# The second host vanishes with all its processes as soon as a part is finished.
out=$SALUS_TMP/vanished
on_both "$SALUS" run "$demo_job" --output "$out" --threads 1 >"$out.log" 2>&1 &
job=$!
until [[ -n $(find "$out/work" -name 'part-*.h5' -print -quit 2>/dev/null) ]]; do
    kill -0 "$job" 2>/dev/null || { cat "$out.log"; fail "the job ended before its first part"; }
    sleep 0.02
done
network=$(readlink "/proc/${hosts[1]}/ns/net")
for process in /proc/[0-9]*; do
    [[ $(readlink "$process/ns/net" 2>/dev/null) != "$network" || ${process#/proc/} == "${hosts[1]}" ]] || kill -KILL "${process#/proc/}"
done
rc=0
timeout 60 tail --pid="$job" -f /dev/null || fail "the job still runs although a host has vanished"
wait "$job" || rc=$?
[[ $rc != 0 ]] || fail "the job ended well although a host has vanished"
[[ ! -e $out/state/report.toml ]] || fail "the job was complete: the host vanished too late"
expect 0 on_both "$SALUS" run "$demo_job" --output "$out" --threads 1
same_as_demo "$out"
nothing_left "$out"
