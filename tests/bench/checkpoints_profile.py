#!/usr/bin/env python3
"""Shares of a profile that are checkpoints and digests (checkpoints.sh): samples by the first function of the table that is on
their stack. checkpoints_profile.py PERF.DATA, made by perf record --call-graph dwarf."""
import collections
import re
import subprocess
import sys

KINDS = [("sync", r"fsync|fdatasync|sync_path"),
         ("digests of parts", r"sha256_file"),
         ("digests of inputs and results", r"digest_file|digest_path"),
         ("journal and records", r"Journal::record|append_line|AuditLog|write_file_atomically")]

script = subprocess.run(["perf", "script", "-i", sys.argv[1], "-F", "comm,ip,sym"], capture_output=True, text=True, check=True)
stacks = [stack for stack in script.stdout.split("\n\n") if stack.strip()]
counts = collections.Counter(next((kind for kind, functions in KINDS if re.search(functions, stack)), "") for stack in stacks)
shares = {kind: 100 * counts[kind] / len(stacks) for kind, _ in KINDS}
print("profile: %.1f %% of %d samples: %s" % (sum(shares.values()), len(stacks), ", ".join("%s %.1f" % pair for pair in shares.items())))
