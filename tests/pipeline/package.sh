#!/usr/bin/env bash
# The Debian package: made from the build, unpacked elsewhere, it runs and has man pages, module file and completion.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
for tool in cpack dpkg-deb dpkg-shlibdeps; do command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }; done
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
build=$(dirname "$SALUS")
cpack -G DEB --config "$build/CPackConfig.cmake" -B "$SALUS_TMP" >cpack.log 2>&1 || { cat cpack.log; fail "cpack"; }
package=$(ls salus_*.deb)
dpkg-deb --field "$package" Depends | grep -q 'libhdf5-openmpi-103' || fail "depends: $(dpkg-deb --field "$package" Depends)"
dpkg-deb --extract "$package" root
moved=$SALUS_TMP/moved
mv root/usr "$moved"
"$moved/bin/salus" --version | grep -q '^salus ' || fail "the program does not run"
for file in share/man/man1/salus.1 share/man/man1/salus-association.1 share/salus/slurm/site.toml share/salus/pipelines/main.toml \
    share/bash-completion/completions/salus share/salus/modulefiles/salus; do
    [[ -e $moved/$file ]] || fail "the package lacks $file"
done
"$moved/bin/salus" check "$moved/share/salus/jobs/demo.toml" >/dev/null || fail "the installed job does not fit"

# Completion offers commands, options of commands and of stages.
source "$moved/share/bash-completion/completions/salus"
offers() { # WORDS...: what is offered for the last one
    COMP_WORDS=(salus "$@") COMP_CWORD=$# COMPREPLY=()
    _salus
    printf '%s\n' "${COMPREPLY[@]}"
}
[[ $(offers verif) == $'verify\nverify-log' ]] || fail "completion of commands: $(offers verif)"
[[ $(offers help verif) == $'verify\nverify-log' ]] || fail "completion of names: $(offers help verif)"
[[ $(offers submit --dr) == --dry-run ]] || fail "completion of options: $(offers submit --dr)"
offers quality --call | grep -qx -- --call_rate_min || offers quality --variant | grep -q -- -- || fail "completion of a stage"

# The installed demo runs the installed program and writes where it was started.
mkdir here
(cd here && env -u SALUS "$moved/share/salus/jobs/demo.sh" --no-install --ranks 1 >demo.log 2>&1) || { cat here/demo.log; fail "the installed demo"; }
[[ -s here/out/demo/report/report.html && ! -e $moved/share/salus/out ]] || fail "results of the installed demo"
