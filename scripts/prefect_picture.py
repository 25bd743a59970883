"""A picture of the demo's last night in the Prefect UI, for the README: docs/images/prefect-run.png.

Usage: scripts/prefect_picture.py HOME    (the home of a demo, for example var/demo)
"""

import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

from flows.server.prefect_server import STARTS_WITHIN, PrefectHome, free_port

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "prefect-run.png"


def newest_run(prefect: PrefectHome) -> str:
    """The id of the newest flow run."""
    newest = {"sort": "START_TIME_DESC", "limit": 1}
    headers = prefect.authorization()
    answer = httpx.post(f"{prefect.url}/api/flow_runs/filter", json=newest, headers=headers, timeout=30)
    runs = answer.raise_for_status().json()
    if not runs:
        raise SystemExit("No night of this home ran under Prefect: make demo first.")
    return str(runs[0]["id"])


def main(home: Path, browser: str) -> None:
    """Serve what the demo left, open its night, take the picture."""
    prefect = PrefectHome(home.resolve() / "prefect", free_port())
    server = prefect.server()
    with ExitStack() as after, sync_playwright() as playwright:
        server.start()
        after.callback(server.stop)
        server.wait_until_healthy(STARTS_WITHIN)
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": 1440, "height": 640})
        page.add_init_script(f"localStorage.setItem('prefect-password', btoa('{prefect.key}'))")
        page.goto(f"{prefect.url}/runs/flow-run/{newest_run(prefect)}")
        page.get_by_text("Task Runs").first.wait_for()
        page.wait_for_timeout(3000)  # the graph is drawn
        page.screenshot(path=PICTURE)
        chromium.close()
    print(f"docs/images/{PICTURE.name}")


if __name__ == "__main__":
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if len(sys.argv) != 2 or found is None:
        raise SystemExit(f"{__doc__}\nNeeds Chromium: sudo apt-get install chromium fonts-noto-cjk")
    main(Path(sys.argv[1]), found)
