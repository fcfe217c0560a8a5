"""Render share_card.html to app/static/icons/share.png: `.venv/bin/python -m tools.share_card`."""

from pathlib import Path

from playwright.sync_api import sync_playwright

from e2e.browser import find_browser

TOOLS = Path(__file__).resolve().parent
FILE = TOOLS.parent / "app/static/icons/share.png"
SIZE = {"width": 1200, "height": 630}  # the size that readers of Open Graph show uncropped


def main() -> None:
    """Take a screenshot of the page and write the file."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE)
        page.goto((TOOLS / "share_card.html").as_uri())
        page.screenshot(path=FILE)
        browser.close()
    print(f"{FILE}: {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
