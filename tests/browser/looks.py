"""What a page must look like at any width: measured in Chromium, told as sentences."""

import re
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1.min.js"
# Rules of WCAG 2.2 A and AA (the RGAA asks those of 2.1) and axe's good practices.
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TARGET = 44  # CSS pixels, for a thumb

# Everything that folds is unfolded, except menus that lie over the page.
UNFOLD = """() => {
  for (const fold of document.querySelectorAll("details:not(.menu)")) fold.open = true;
}"""

COMMON = """
const name = (tag) => {
  const words = tag.getAttribute("aria-label") || tag.textContent || tag.name || "";
  const id = tag.id ? "#" + tag.id : "";
  const kinds = [...tag.classList].map((one) => "." + one).join("");
  return `<${tag.localName}${id}${kinds}> ${words.trim().replace(/\\s+/g, " ").slice(0, 50)}`;
};
const isShown = (tag) => tag.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
const isHidden = ({ clipPath }) => clipPath === "inset(50%)";
const isForEars = (tag) =>
  tag !== document.body && (isHidden(getComputedStyle(tag)) || isForEars(tag.parentElement));
"""

WRITTEN_OUTSIDE = (
    """(width) => {"""
    + COMMON
    + """
  const faults = [];
  const page = document.scrollingElement;
  if (page.scrollWidth > width) faults.push(`the page scrolls sideways: ${page.scrollWidth} px`);
  if (document.querySelectorAll("h1").length !== 1) faults.push("not exactly one h1");
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (words.nextNode()) {
    const tag = words.currentNode.parentElement;
    if (!words.currentNode.textContent.trim() || !isShown(tag) || isForEars(tag)) continue;
    if (tag.closest(".scroll")) continue;
    range.selectNodeContents(words.currentNode);
    for (const box of range.getClientRects()) {
      if (box.width < 1 || box.height < 1) continue;
      const [left, right] = [Math.round(box.left), Math.round(box.right)];
      if (left < 0 || right > width) faults.push(`outside of the screen: ${name(tag)}, ${left} to ${right}`);
      for (let frame = tag; frame && frame !== document.body; frame = frame.parentElement) {
        const style = getComputedStyle(frame);
        if (style.textOverflow === "ellipsis") break;
        if (style.overflowX === "visible") continue;
        const edge = frame.getBoundingClientRect();
        if (box.right > edge.right + 1 || box.left < edge.left - 1) {
          faults.push(`cut by its frame: ${name(tag)} in ${name(frame)}`);
        }
      }
    }
  }
  return [...new Set(faults)];
}"""
)

# Links inside sentences are exempt, as in WCAG 2.5.8: their line height is the text's.
SMALL_TARGETS = (
    """(least) => {"""
    + COMMON
    + """
  const wanted = "nav a, nav button, summary, button, a.button, a.day, a.close, a.back, select, textarea, " +
    "input:not([type=hidden])";
  const isSmall = (tag) => Math.min(tag.offsetWidth, tag.offsetHeight) < least;
  const faults = [];
  for (const one of document.querySelectorAll(wanted)) {
    const isBox = one.matches("input[type=radio], input[type=checkbox]");
    const target = isBox ? one.closest("label") || one : one;
    if (!isShown(target) || isForEars(one)) continue;
    const size = `${target.offsetWidth} × ${target.offsetHeight}`;
    if (isSmall(target)) faults.push(`small for a thumb: ${name(target)}, ${size}`);
  }
  return [...new Set(faults)];
}"""
)

RUN_AXE = """async (tags) => {
  const found = await axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
  const told = (rule, node) => [rule.id, node.target.join(" "), node.failureSummary.split("\\n")[1].trim()];
  return found.violations.flatMap((rule) => rule.nodes.map((node) => told(rule, node)));
}"""
# A day of the wizard is named by its date and state, « lundi 8 février : en cours de validation ». The number
# that a person would speak is in it; axe also wants the short words under the number, side by side with it.
EXCUSED = re.compile(r"^label-content-name-mismatch #j-\d{4}-\d\d-\d\d$")


def unfold(page: Page) -> None:
    page.evaluate(UNFOLD)


def faults_of_layout(page: Page, width: int) -> list[str]:
    """What does not fit at `width`, which becomes the width of the page."""
    page.set_viewport_size({"width": width, "height": page.viewport_size["height"]})
    return page.evaluate(WRITTEN_OUTSIDE, width)


def small_targets(page: Page) -> list[str]:
    """What is smaller than a thumb."""
    return page.evaluate(SMALL_TARGETS, TARGET)


def faults_of_access(page: Page) -> list[str]:
    """What axe finds, a line an element."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(RUN_AXE, AXE_TAGS)
    return [f"axe {rule}: {what}: {why}" for rule, what, why in found if not EXCUSED.match(f"{rule} {what}")]
