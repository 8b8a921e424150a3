"""Every figure that the portal promises, measured now on this machine.

.venv/bin/python -m benchmarks
"""

from benchmarks import agenda, imports, memory, rulebook, start, weights

for part in (agenda, rulebook, weights, imports, memory, start):
    part.main()
