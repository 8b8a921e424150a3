"""A photo of 6 MB from the camera; the time and the memory that files of families cost the server."""

import io
import resource
import time

from PIL import Image

from adapters.document_files import UnsafeFile, make_safe
from benchmarks.report import tell
from tests import process_memory as memory
from tests.adapters.test_hostile_files import HOSTILE

MEGABYTE = 1024 * 1024


def photo() -> bytes:
    """12 megapixels as a telephone takes them, about 6 MB."""
    noise = Image.effect_noise((4032, 3024), 48).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=82)
    return out.getvalue()


def timed(content: bytes) -> tuple[float, str]:
    start = time.perf_counter()
    try:
        make_safe([content])
        verdict = "safe"
    except UnsafeFile as refusal:
        verdict = refusal.code
    return time.perf_counter() - start, verdict


def main() -> None:
    """The limits hold on an idle machine: each file starts a process of its own."""
    camera = photo()
    hostile = {name: make() for name, (make, _) in HOSTILE.items()}
    before = memory.restart_peak()
    seconds, verdict = timed(camera)
    tell(f"photo of {len(camera) / MEGABYTE:.1f} MB: {verdict}", seconds, 2, "s")
    seconds, verdict, name = max((*timed(content), name) for name, content in hostile.items())
    tell(f"slowest of {len(hostile)} hostile files: {name}, {verdict}", seconds, 1, "s")
    tell("growth of the server", (memory.peak_kb() - before) / 1024, 150, "MB")
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    tell("largest process of a file", child, 1024, "MB")


if __name__ == "__main__":
    main()
