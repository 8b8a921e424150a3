"""Put faults into modules of `domain/` and `services/change_requests/` and see whether the tests notice.

    .venv/bin/python -m tests.mutation domain/rulebook/days.py      one or several
    .venv/bin/python -m tests.mutation                              all of them, the smallest first
    .venv/bin/python -m tests.mutation --page                       write docs/mutation.md again, run nothing

`--again` tries only the survivors of the last run, once tests were added; `--every 3` a third of the
faults. `--wording` also changes the sentences; `--show` prints each survivor as it is found;
`--tests FILE` asks these tests only; `--leave-out-failing` goes on without the tests that fail already
(else they stop the run).
"""

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

from tests.mutation import child, coverage_map, operators, results

TESTS = {
    "domain": ("tests/domain", "tests/cases"),
    "services": ("tests/services/test_change_requests.py", "tests/services/test_change_sequences.py"),
}
FOLDERS = (Path("domain"), Path("services/change_requests"))
_LEAST_SECONDS, _SLOWEST = 10.0, 5.0  # of processor time: this much, and so many times what the tests take
_FIRST_TRIED = 12  # tests that noticed the faults before, tried before all others


def main() -> None:
    options = _options()
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(  # noqa: S606  this very program, so that sets are always read in the same order
            sys.executable,
            [sys.executable, "-m", "tests.mutation", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        )
    if not options.page:
        _run(options)
    results.write_page()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("modules", nargs="*", type=Path)
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--wording", action="store_true")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--leave-out-failing", action="store_true")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--tests", nargs="*")
    return parser.parse_args()


def _run(options: argparse.Namespace) -> None:
    child.prepare()
    measured: dict[str, coverage_map.CoverageMap] = {}
    for path in options.modules or (results.known_modules() if options.again else _all_modules()):
        layer = path.parts[0]
        if layer not in measured:
            tests = options.tests or TESTS[layer]
            measured[layer] = coverage_map.measure(tests, options.leave_out_failing)
        coverage = measured[layer]
        for kind in (operators.LOGIC, operators.WORDING)[: 2 if options.wording else 1]:
            start = _all_time()
            outcome = judge(path, coverage, kind, options)
            results.keep(outcome)
            print(f"{outcome}, {_all_time() - start:.0f} s", flush=True)  # noqa: T201


def judge(
    path: Path, coverage: coverage_map.CoverageMap, kind: str, options: argparse.Namespace
) -> results.Outcome:
    """Every fault of `kind` in a module, each against the tests that run its lines."""
    source = (child.ROOT / path).read_text(encoding="utf-8")
    faults = [one for one in operators.mutants(source) if one.kind == kind][:: options.every]
    every, number = options.every, len(faults)
    if options.again and results.is_known(path, kind):
        every, number, left = results.survivors_of(path, kind)
        faults = [one for one in operators.mutants(source) if one.kind == kind and one.identity in left]
    kills: Counter[str] = Counter()
    survivors = []
    for fault in faults:
        tests = coverage.tests_of(path, fault.first_line, fault.last_line)
        tree = operators.mutated(source, fault)
        seconds = _LEAST_SECONDS + _SLOWEST * sum(coverage.seconds[test] for test in tests)
        verdict, noticed_by = child.verdict_of(path, tree, _stages(tests, kills), seconds)
        kills[noticed_by] += 1
        if verdict is child.Verdict.SURVIVED:
            survivors.append(fault)
            if options.show:
                print(f"  {fault}", flush=True)  # noqa: T201
    return results.Outcome(path, kind, every, number, tuple(survivors))


def _stages(tests: list[str], kills: Counter[str]) -> list[list[str]]:
    """First the tests of the file that noticed most faults so far, its best ones before; then the others."""
    ranked = sorted(tests, key=lambda test: -kills[test])  # stable: the fastest first among equals
    if not ranked:
        return []
    best = ranked[0].split("::")[0]
    first = [test for test in ranked if test.startswith(f"{best}::") and kills[test]][:_FIRST_TRIED]
    return [stage for stage in (first, [test for test in ranked if test not in first]) if stage]


def _all_time() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _all_modules() -> list[Path]:
    found = [
        path.relative_to(child.ROOT) for folder in FOLDERS for path in (child.ROOT / folder).rglob("*.py")
    ]
    return sorted(found, key=lambda path: ((child.ROOT / path).stat().st_size, path))


if __name__ == "__main__":
    main()
