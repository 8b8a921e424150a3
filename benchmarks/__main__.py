"""Every figure that the portal promises, measured now on this machine.

.venv/bin/python -m benchmarks
"""

from benchmarks import (
    agenda,
    billing,
    documents,
    growth,
    imports,
    memory,
    papers,
    rulebook,
    start,
    traffic,
    weights,
)

for part in (agenda, growth, traffic, rulebook, weights, imports, memory, start, documents, billing, papers):
    part.main()
