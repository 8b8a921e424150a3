"""Every figure that the portal promises, measured now on this machine.

.venv/bin/python -m benchmarks
"""

from benchmarks import agenda, imports, memory, start, weights

for part in (agenda, weights, imports, memory, start):
    part.main()
