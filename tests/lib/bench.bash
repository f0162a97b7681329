# Helpers of tests/bench/*.sh.

cpu() { # command: CPU seconds (user + system) of one run on stdout; its own output goes to run.log
    local TIMEFORMAT='%U %S'
    { time "$@" >run.log 2>&1; } 2>&1 | awk '{ print $1 + $2 }'
}

median() { # of the numbers on stdin
    sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}
