"""Uses the server's page in headless Chromium, as a person would: by mouse, by keyboard alone, on a small screen.

    page.py URL [--key KEY] [--shots FOLDER]

The store has the schema `menu` (below), warmed for the model. Needs Debian's chromium and chromium-driver, and selenium from PyPI. With
--shots, pictures are left in the folder to be looked at. The exit status is 1 if a check failed.
"""

import argparse
import os
import pathlib
import sys

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

MENU = """<schema name="menu"><system>You answer questions about restaurants.</system>
<module name="anchor">The Anchor serves <parameter name="dish" length="16" default="fish"/> and <module name="wine">wine from
Portugal</module>. It opens at noon.</module>
<union><module name="monday">Today is a Monday.</module><module name="sunday">Today is a Sunday.</module></union>
<library name="reviews" window="64"><module name="crab">The crab was fresh.</module><module name="cake">The cake was dry.</module>
<module name="wait">We waited for an hour.</module></library></schema>"""


def browser(width, height):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", f"--window-size={width},{height}"):
        options.add_argument(flag)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    # A small screen is smaller than the smallest window.
    options.add_experimental_option("mobileEmulation", {"deviceMetrics": {"width": width, "height": height, "pixelRatio": 1}})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))


class Page:
    def __init__(self, arguments, width=1200, height=1000):
        self.driver = browser(width, height)
        self.arguments = arguments
        self.driver.get(arguments.url)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.find(selector).get_property("textContent")

    def wait(self, condition, what, seconds=60):
        # What the page draws anew while it is looked at is looked at again.
        waiting = WebDriverWait(self.driver, seconds, ignored_exceptions=[StaleElementReferenceException])
        waiting.until(lambda _: condition(), what)

    def ready(self):
        self.wait(lambda: "menu" in [option.get_attribute("value") for option in self.driver.find_elements(
            By.CSS_SELECTOR, "#schema option")], f"no schema: {self.text('#problem')}")
        Select(self.find("#schema")).select_by_value("menu")
        self.wait(lambda: "menu" in self.text("#pml"), "the schema was not loaded")

    def answered(self):
        self.wait(lambda: "cached" in self.text("#status") and self.find("#stop").get_property("disabled"),
                  f"no answer: {self.text('#problem')}")

    def control(self, name):
        return self.driver.find_element(By.XPATH, f"//label[normalize-space(text()[last()])='{name}']/input|"
                                                  f"//label[contains(@class,'choice')][.//text()='{name}']/input")

    def shot(self, name):
        if self.arguments.shots:
            self.driver.save_screenshot(str(pathlib.Path(self.arguments.shots, name + ".png")))


def by_mouse(arguments):
    with Page(arguments) as page:
        page.ready()
        page.control("anchor").click()
        page.control("wine").click()
        page.control("sunday").click()
        page.driver.find_element(By.XPATH, "//label[starts-with(., 'dish')]/input").send_keys('crab & "clams"')
        page.find("#question").send_keys("What is <served>?\nAnd when?")
        pml = page.text("#pml")
        assert '<anchor dish="crab &#38; &#34;clams&#34;">' in pml, pml
        assert "<wine/>" in pml and "<sunday/>" in pml and "monday" not in pml, pml
        assert "<user>What is &#60;served&#62;?" in pml, pml
        page.find("#tokens").clear()
        page.find("#tokens").send_keys("6")
        page.find("#compare").click()
        page.find("#ask").click()
        page.answered()
        page.wait(lambda: "without it" in page.text("#times"), "no time without the store")
        assert page.text("#answer"), "no answer"
        figures = [[cell.text for cell in row.find_elements(By.TAG_NAME, "td")]
                   for row in page.driver.find_elements(By.CSS_SELECTOR, "#parts tr")]
        assert figures and sum(int(row[3]) for row in figures) > 0 and sum(int(row[5]) for row in figures) > 0, figures
        assert all(int(row[2]) == int(row[3]) + int(row[5]) for row in figures), figures
        assert "anchor/wine" in [row[0] for row in figures], figures
        page.shot("mouse")
        asked = [entry["message"] for entry in page.driver.get_log("performance") if "requestWillBeSent\"" in entry["message"]]
        assert all(arguments.url in entry or '"url":"data:' in entry for entry in asked), "another server was asked"
        errors = [entry for entry in page.driver.get_log("browser") if entry["level"] == "SEVERE"]
        assert not errors, errors


def by_keyboard(arguments):
    with Page(arguments) as page:
        page.ready()

        def focused():
            return page.driver.switch_to.active_element

        def tab_to(condition, most=40):
            for _ in range(most):
                focused().send_keys(Keys.TAB)
                if condition(focused()):
                    return focused()
            raise AssertionError("the keyboard does not get there")

        tab_to(lambda element: element.get_attribute("id") == "schema")
        tab_to(lambda element: element.get_attribute("type") == "checkbox").send_keys(Keys.SPACE)
        assert "<anchor/>" in page.text("#pml"), page.text("#pml")
        radio = tab_to(lambda element: element.get_attribute("type") == "radio")
        radio.send_keys(Keys.ARROW_DOWN)
        assert "<monday/>" in page.text("#pml"), page.text("#pml")
        tab_to(lambda element: element.get_attribute("id") == "question").send_keys("What is served?")
        tokens = tab_to(lambda element: element.get_attribute("id") == "tokens")
        tokens.send_keys(Keys.CONTROL, "a")
        tokens.send_keys("4")
        tab_to(lambda element: element.get_attribute("id") == "ask").send_keys(Keys.ENTER)
        page.answered()
        # What a screen reader says of what is drawn.
        assert "computed" in page.find("#layout").get_attribute("aria-label")
        unnamed = page.driver.execute_script(
            "return [...document.querySelectorAll('input, select, textarea, button')]"
            ".filter(e => !e.labels?.length && !e.textContent.trim() && !e.ariaLabel).map(e => e.outerHTML)")
        assert not unnamed, unnamed
        page.driver.find_element(By.ID, "question").send_keys(" Now?", Keys.CONTROL, Keys.ENTER)
        page.wait(lambda: page.text("#status") == "computing" or "cached" in page.text("#status"), "Ctrl+Enter asks")


def from_a_library(arguments):
    with Page(arguments) as page:
        page.ready()
        named = page.driver.find_element(By.XPATH, "//label[starts-with(., 'Module')]/input")
        named.send_keys("wai")
        page.wait(lambda: "wait" in [option.get_attribute("value") for option in page.driver.find_elements(
            By.CSS_SELECTOR, "datalist option")], "no module is suggested")
        named.send_keys("t", Keys.ENTER)
        top = page.driver.find_element(By.XPATH, "//label[starts-with(., 'Find')]/input")
        top.send_keys(Keys.CONTROL, "a")
        top.send_keys("1")
        page.find("#question").send_keys("How was the crab?")
        pml = page.text("#pml")
        assert '<reviews top="1">' in pml and "<wait/>" in pml, pml
        page.find("#tokens").clear()
        page.find("#tokens").send_keys("2")
        page.find("#ask").click()
        page.answered()
        parts = page.driver.execute_script(
            "return [...document.querySelectorAll('#parts tr td:first-child')].map((cell) => cell.innerText)")
        assert "reviews/wait" in parts and any(part.startswith("reviews/crab (found, score") for part in parts), parts
        page.shot("library")


def on_a_small_screen(arguments):
    with Page(arguments, 360, 740) as page:
        page.ready()
        page.control("anchor").click()
        page.find("#question").send_keys("What is served?")
        page.find("#tokens").clear()
        page.find("#tokens").send_keys("4")
        page.driver.execute_script("document.getElementById('ask').scrollIntoView()")
        page.find("#ask").click()
        page.answered()
        width = page.driver.execute_script("return document.documentElement.scrollWidth")
        assert width <= 360, f"{width} pixels wide"
        page.shot("small")


def what_goes_wrong_is_said(arguments):
    with Page(arguments) as page:
        page.ready()
        page.driver.execute_script("document.getElementById('repair').value = 7")
        page.find("#question").send_keys("What?")
        page.find("#ask").click()
        page.wait(lambda: "repair" in page.text("#problem"), "the problem is not shown")


def with_a_key(arguments):
    if not arguments.key:
        return
    with Page(arguments) as page:
        page.wait(lambda: page.find("#key-field").is_displayed(), "the page does not ask for the key")
        page.find("#key").send_keys(arguments.key, Keys.TAB)
        page.ready()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url", nargs="?")
    parser.add_argument("--key")
    parser.add_argument("--shots")
    parser.add_argument("--schema", action="store_true", help="prints the schema that the store has to have")
    arguments = parser.parse_args()
    if arguments.schema:
        print(MENU)
        return 0
    checks = [with_a_key] if arguments.key else [by_mouse, by_keyboard, from_a_library, on_a_small_screen, what_goes_wrong_is_said]
    failed = 0
    for check in checks:
        try:
            check(arguments)
            print(f"passed: {check.__name__.replace('_', ' ')}")
        except Exception as error:  # noqa: BLE001: each check is told of
            failed += 1
            print(f"FAILED: {check.__name__}: {type(error).__name__}: {error}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
