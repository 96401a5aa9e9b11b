"""The page in headless Chromium: no console errors, every figure drawn, nothing asked of any server."""

import contextlib
import os
import re
import shutil
import signal
import subprocess

import pytest

from sparsernn.report.write import write

pytestmark = pytest.mark.browser
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
OWN_SERVICES = ("google.com", "googleapis.com", "gvt1.com", "gstatic.com")  # what Chromium itself asks for
HARMLESS = ("GL Driver Message", "willReadFrequently", "GPU stall", "software WebGL", "SwiftShader")


@pytest.fixture(scope="module")
def browser():
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        reason = f"no browser is installed (looked for {', '.join(BROWSERS)})"
        pytest.fail(reason) if os.environ.get("CI_BROWSER") == "1" else pytest.skip(reason)
    return found


def patiently(command, out, err):
    """What a command prints. A browser that hangs is ended with all its processes (their pipes would be waited for
    without end) and asked once more."""
    for last in (False, True):
        with out.open("wb") as to, err.open("wb") as also, contextlib.suppress(subprocess.TimeoutExpired):
            process = subprocess.Popen(command, stdout=to, stderr=also, start_new_session=True)
            try:
                process.wait(timeout=120)
                return out.read_text(errors="replace"), err.read_text(errors="replace")
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        if last:
            pytest.fail("the browser did not answer, twice in two minutes")


@pytest.fixture(scope="module")
def opened(browser, pruned, adding, tmp_path_factory):
    """(document after its scripts ran, console lines, requested addresses) of both pages, all networks shown."""
    folder = tmp_path_factory.mktemp("browser")
    found = {}
    for name, comparison in (("pruned", pruned), ("adding", adding)):
        page = folder / f"{name}.html"
        write(comparison, page, None, None, "A page with <b>odd</b> letters")
        command = [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--use-gl=angle", "--use-angle=swiftshader",
            "--enable-unsafe-swiftshader", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--no-first-run", "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={folder / name}", f"--log-net-log={folder / name}.json", "--enable-logging=stderr",
            "--v=0", "--virtual-time-budget=120000", "--dump-dom", f"{page.as_uri()}#network-all",
        ]  # fmt: skip
        document, log = patiently(command, folder / f"{name}.out", folder / f"{name}.err")
        console = [line for line in log.splitlines() if "CONSOLE" in line]
        asked = re.findall(r'"url":"(\w+://[^/"]+)', (folder / f"{name}.json").read_text(errors="replace"))
        found[name] = (document, [c for c in console if not any(h in c for h in HARMLESS)], asked)
    return found


@pytest.mark.parametrize("name", ["pruned", "adding"])
def test_every_figure_is_drawn(opened, name):
    document = opened[name][0]
    body = document.split("<script>")[0]
    plots = re.findall(r'<div class="plot(?: narrow)?(?: js-plotly-plot)?" id[^>]*>', body)
    assert len(plots) >= 10
    assert all('data-drawn="true"' in plot for plot in plots), [p for p in plots if 'data-drawn="true"' not in p]
    assert len(re.findall(r'class="main-svg"', body)) >= len(plots)
    assert 'data-ready="all"' in body
    assert "could not be drawn" not in body


@pytest.mark.parametrize("name", ["pruned", "adding"])
def test_the_console_is_empty(opened, name):
    assert opened[name][1] == []


@pytest.mark.parametrize("name", ["pruned", "adding"])
def test_nothing_is_requested(opened, name):
    foreign = [a for a in opened[name][2] if not a.endswith(OWN_SERVICES) and not a.startswith(("file:", "data:"))]
    assert foreign == []


def test_nothing_offers_to_upload_a_figure(opened):
    titles = set(re.findall(r'data-title="([^"]*)"', opened["pruned"][0]))
    assert any("PNG" in title for title in titles)
    assert not any("hare" in title or "loud" in title for title in titles)


def test_names_from_the_file_are_shown_letter_by_letter(opened):
    body = opened["pruned"][0].split("<script>")[0]
    assert "<img src" not in re.sub(r'<img class="still"[^>]*>', "", body)
    assert "&lt;img src=x onerror=alert(1)&gt;" in body
