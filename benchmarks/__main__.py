"""Every figure that the portal promises, measured now on this machine.

.venv/bin/python -m benchmarks
"""

from benchmarks import agenda, documents, imports, memory, rulebook, start, weights

for part in (agenda, rulebook, weights, imports, memory, start, documents):
    part.main()
