#!/usr/bin/env python3
"""Looks at a report page in headless Chromium: phone, desktop, dark and print.

usage: report_page.py report.html [--keep FOLDER]
Exit code 77 if there is no Chromium. --keep leaves screenshots and the PDF in FOLDER.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIP = 77
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--allow-file-access-from-files"]
DARK = ["--blink-settings=preferredColorScheme=0"]

# Runs in a page around the report, because the report itself forbids scripts.
MEASURE = """
<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">
<iframe id="page" src="report.html" style="border:0;width:WIDTHpx;height:800px"></iframe>
<pre id="result"></pre>
<script>
const frame = document.getElementById("page");
frame.onload = () => {
  const doc = frame.contentDocument, win = frame.contentWindow, all = s => [...doc.querySelectorAll(s)];
  const root = doc.documentElement, style = win.getComputedStyle(root);
  const colour = name => {
    const probe = doc.createElement("i");
    probe.style.color = style.getPropertyValue(name);
    doc.body.append(probe);
    const rgb = win.getComputedStyle(probe).color.match(/[0-9.]+/g).slice(0, 3).map(v => {
      v /= 255;
      return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    probe.remove();
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
  };
  const contrast = (a, b) => {
    const [x, y] = [colour(a), colour(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const ids = all("[id]").map(e => e.id);
  const result = {
    scroll_width: root.scrollWidth,
    dark: win.matchMedia("(prefers-color-scheme: dark)").matches,
    resources: win.performance.getEntriesByType("resource").map(e => e.name),
    loaders: all("[src], link, object, embed, iframe, style[src]").length,
    scripts: all("script").map(e => e.type),
    headings: all("h1, h2, h3").map(e => Number(e.tagName[1])),
    pictures: all("svg").length,
    named_pictures: all('svg[role="img"][aria-label]').filter(e => e.getAttribute("aria-label").length > 10).length,
    figures: all("figure").length,
    captions: all("figure > figcaption").length,
    flat_pictures: all("svg").filter(e => e.getBoundingClientRect().height < 50).length,
    wide_pictures: all("svg").filter(e => e.getBoundingClientRect().right > root.clientWidth + 1).length,
    smallest_words: Math.min(...all("svg text").filter(e => e.getBoundingClientRect().width > 0).map(e =>
      parseFloat(win.getComputedStyle(e).fontSize) * e.ownerSVGElement.getBoundingClientRect().width /
      e.ownerSVGElement.viewBox.baseVal.width)),
    tables: all("table").length,
    plain_tables: all("table").filter(t => !t.caption || !t.querySelector('th[scope="col"]') ||
      [...t.tBodies[0].rows].some(r => r.cells[0].scope !== "row")).length,
    repeated_ids: ids.filter((id, i) => ids.indexOf(id) !== i),
    dead_links: all('a[href^="#"]').filter(a => !doc.getElementById(a.getAttribute("href").slice(1))).length,
    links_out: all('a[href]').map(a => a.getAttribute("href")).filter(h => !h.startsWith("#")),
    findings: JSON.parse(doc.getElementById("findings").textContent),
    finding_items: all("#main-findings li").length,
    contrast: ["--ink", "--soft", "--link", "--mark"].flatMap(w => ["--card", "--page"].map(b => contrast(w, b))),
    mark_contrast: ["--c1", "--c2"].map(w => contrast(w, "--card")),
  };
  document.getElementById("result").textContent = JSON.stringify(result);
};
</script>
"""


class Browser:
    def __init__(self, program, folder):
        self.program, self.folder, self.runs = program, folder, 0

    def run(self, *arguments):
        self.runs += 1
        profile = self.folder / f"profile{self.runs}"
        done = subprocess.run([self.program, *FLAGS, f"--user-data-dir={profile}", *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=180, check=False)
        shutil.rmtree(profile, ignore_errors=True)
        if done.returncode != 0:
            sys.exit(f"Chromium failed:\n{done.stderr.decode(errors='replace')[-2000:]}")
        return done.stdout.decode()

    def measure(self, width, *flags):
        wrapper = self.folder / f"wrapper{width}.html"
        wrapper.write_text(MEASURE.replace("WIDTH", str(width)))
        dom = self.run(*flags, f"--window-size={max(width, 500)},900", "--virtual-time-budget=20000",
                       "--dump-dom", wrapper.as_uri())
        found = re.search(r'<pre id="result">(.*?)</pre>', dom, re.S)
        if not found or not found.group(1):
            sys.exit(f"the page could not be measured at {width} px:\n{dom[:500]}")
        text = found.group(1).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        return json.loads(text)


class Checks:
    def __init__(self):
        self.failed = 0

    def that(self, holds, what, seen=""):
        print(("ok      " if holds else "FAILED  ") + what + (f": {seen}" if not holds else ""))
        self.failed += not holds


def check_layout(check, name, seen, width):
    check.that(seen["scroll_width"] <= width, f"{name}: no sideways scrolling at {width} px", seen["scroll_width"])
    check.that(seen["wide_pictures"] == 0 and seen["flat_pictures"] == 0, f"{name}: every picture fits", seen)
    check.that(seen["smallest_words"] >= 8.5, f"{name}: words in pictures are legible", seen["smallest_words"])


def check_content(check, seen, html):
    check.that(not seen["resources"] and seen["loaders"] == 0, "nothing is loaded", seen["resources"])
    check.that(seen["scripts"] == ["application/json"], "no script runs", seen["scripts"])
    others = [link for link in seen["links_out"] if not link.startswith("https://doi.org/")]
    check.that(not others, "links lead to cited papers only", others)
    check.that(len(re.findall(r"https?://", html)) == len(seen["links_out"]), "no other address in the file")
    check.that(seen["pictures"] > 0 and seen["pictures"] == seen["named_pictures"], "every picture has words for it")
    check.that(seen["figures"] == seen["captions"] == seen["pictures"], "every picture has a caption")
    check.that(seen["tables"] > 0 and seen["plain_tables"] == 0, "every table has caption and headers", seen["plain_tables"])
    check.that(not seen["repeated_ids"] and seen["dead_links"] == 0, "every link of the contents leads somewhere", seen["repeated_ids"])
    levels = seen["headings"]
    check.that(levels.count(1) == 1 and all(b - a <= 1 for a, b in zip(levels, levels[1:])), "headings are nested", levels)
    check.that(seen["findings"] and len(seen["findings"]) == seen["finding_items"], "findings are there for people and programs")
    check.that(len(html.encode()) < 20_000_000, "the page is small", len(html))


def check_contrast(check, name, seen):
    check.that(min(seen["contrast"]) >= 4.5, f"{name}: words stand out from the ground", seen["contrast"])
    check.that(min(seen["mark_contrast"]) >= 3.0, f"{name}: marks stand out from the ground", seen["mark_contrast"])


def check_print(check, browser, page):
    pdf = browser.folder / "report.pdf"
    browser.run("--no-pdf-header-footer", f"--print-to-pdf={pdf}", page.as_uri())
    data = pdf.read_bytes()
    pages = len(re.findall(rb"/Type\s*/Page\b", data))
    check.that(data.startswith(b"%PDF") and pages >= 2, "prints on several pages", pages)


def take_pictures(browser, page, keep):
    for name, width, height, flags in [("phone", 360, 800, []), ("phone-dark", 360, 800, DARK),
                                       ("desktop", 1280, 900, []), ("desktop-dark", 1280, 900, DARK)]:
        # A window cannot be narrower than 500 px, so the phone is a frame in a page.
        wrapper = browser.folder / f"{name}.html"
        wrapper.write_text(f'<body style="margin:0"><iframe src="report.html" style="border:0;width:{width}px;height:{height}px"></iframe>')
        browser.run(*flags, f"--window-size={width},{height}", f"--screenshot={keep / (name + '.png')}", wrapper.as_uri())
    shutil.copy(browser.folder / "report.pdf", keep)


def main():
    page = pathlib.Path(sys.argv[1]).resolve()
    keep = pathlib.Path(sys.argv[sys.argv.index("--keep") + 1]).resolve() if "--keep" in sys.argv else None
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        print("skipped: Chromium is not installed (package chromium)")
        return SKIP
    check = Checks()
    with tempfile.TemporaryDirectory(prefix="salus-report-") as name:
        folder = pathlib.Path(name)
        shutil.copy(page, folder / "report.html")
        browser = Browser(program, folder)
        phone, desktop, dark = browser.measure(360), browser.measure(1280), browser.measure(1280, *DARK)
        check_layout(check, "phone", phone, 360)
        check_layout(check, "desktop", desktop, 1280)
        check_content(check, desktop, page.read_text(encoding="utf-8"))
        check.that(not desktop["dark"] and dark["dark"], "follows the colour scheme of the reader")
        check_contrast(check, "light", desktop)
        check_contrast(check, "dark", dark)
        check_print(check, browser, folder / "report.html")
        if keep:
            os.makedirs(keep, exist_ok=True)
            take_pictures(browser, folder / "report.html", keep)
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
