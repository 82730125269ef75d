"""The explorer in a real browser: what it shows equals the tables, every control works, and no text becomes markup."""

import itertools
import json
import time

import numpy as np
import pytest
from browser import browser, needs_browser, pixels
from explorer_run import DOSES, HOSTILE, PROJECT, ExplorerRun

from embedding_shift.explorer import page as explorer_page
from embedding_shift.explorer import standing

pytestmark = [pytest.mark.slow, needs_browser]
IDS = [*(f"image {number}" for number in range(7)), HOSTILE.replace("/", "∕")]
DATASETS = {"one": "One", "two": HOSTILE}
MODELS = {"first": "First", "second": HOSTILE}


@pytest.fixture(scope="module")
def page():
    with browser() as page:
        yield page


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Two datasets and encoders whose every text is hostile."""
    folder = tmp_path_factory.mktemp("explorer")
    run = ExplorerRun(folder, IDS, DATASETS, MODELS, ["Noise", HOSTILE], caption=HOSTILE)
    run.page = run.write_page()
    return run


@pytest.fixture(autouse=True)
def no_errors_and_no_requests(page):
    """After every test: nothing was reported, nothing was loaded but the page itself, and no text of the data ran."""
    yield
    assert page.errors() == []
    assert [address for address in page.requests() if not address.startswith("file:")] == []
    assert page.run("return window.hacked === undefined && document.querySelector('img') === null")


def shown_values(page):
    names, values = (
        page.attributes("#values tbody tr", "data-metric"),
        page.attributes("#values tbody td:nth-of-type(1)", "data-value"),
    )
    return dict(zip(names, values, strict=True))


def expected_values(run, dataset, model, augmentation, image):
    own = run.wide(dataset, model, augmentation).loc[image]
    return {metric: "" if np.isnan(value) else value for metric, value in own.items()}


def numbers(values):
    return {name: value if value == "" else float(value) for name, value in values.items()}


def test_values_equal_the_tables_for_every_choice(page, run):
    page.open(run.page)
    choices = [("one", "first", "noise"), *itertools.product(["two"], MODELS, ["horizontal_flip", "noise"])]
    for dataset, model, augmentation in choices:
        for picker, value in (("dataset", dataset), ("encoder", model), ("augmentation", augmentation)):
            page.choose(picker, value)
        for image in IDS if dataset == "one" else IDS[-2:]:
            page.choose("image", image)
            assert numbers(shown_values(page)) == expected_values(run, dataset, model, augmentation, image)
            assert image in page.text("#picture-title")


def test_an_address_leads_to_what_it_names_and_follows_what_is_chosen(page, run):
    page.open(run.page, dataset="two", encoder="second", augmentation="horizontal_flip", image=IDS[-1])
    assert page.text("#picture-title") == f"{IDS[-1]}: {HOSTILE}"
    assert page.text("#caption") == HOSTILE
    page.choose("image", "image 3")
    assert "image=image+3" in page.run("return location.hash")
    page.run("location.hash = 'image=image 5&augmentation=noise'")
    page.wait("document.getElementById('picture-title').textContent === 'image 5: Noise'")
    page.wait()


def test_an_address_that_names_nothing_shows_the_image_that_shifts_most(page, run):
    page.open(run.page, dataset="<none>", image="nowhere", metric="nothing")
    farthest = run.wide("one", "first", "noise")["cosine_similarity"].idxmin()
    assert page.run("return document.getElementById('image').value") == farthest


def test_keys_and_buttons_step_through_the_images_by_shift(page, run):
    page.open(run.page)
    order = page.attributes("#image option", "value")
    values = [expected_values(run, "one", "first", "noise", image)["cosine_similarity"] for image in order]
    assert values == sorted(values)
    shown = []
    for action in ("next", "next", "previous"):
        page.run("document.getElementById(arguments[0]).click()", action)
        page.wait()
        shown.append(page.run("return document.getElementById('image').value"))
    assert shown == [order[1], order[2], order[1]]
    page.run("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'p', bubbles: true}))")
    page.wait()
    assert page.run("return document.getElementById('image').value") == order[0]


def test_a_brush_selects_in_the_other_chart_and_in_the_list(page, run):
    """Drag a rectangle: the list holds the points inside it, and no others."""
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By

    page.open(run.page)
    canvas = page.driver.find_element(By.CSS_SELECTOR, "#standing canvas")
    width, height = canvas.size["width"], canvas.size["height"]
    page.run("arguments[0].scrollIntoView({block: 'center'})", canvas)
    drag = ActionChains(page.driver, duration=20).move_to_element_with_offset(canvas, 60 - width / 2, 150 - height / 2)
    drag.click_and_hold().move_by_offset(100, 60).move_by_offset(width / 2 - 185, 65).release().perform()
    page.wait("document.querySelectorAll('#list li').length < 8")
    listed = [float(value) for value in page.attributes("#list button", "data-value")]
    assert 0 < len(listed) < 8 and listed == sorted(listed)
    wide = run.wide("one", "first", "noise")
    points = wide[["patch_similarity", "cosine_similarity"]].to_numpy()
    chosen = points[np.isin(points[:, 1], listed)]
    inside = ((points >= chosen.min(0)) & (points <= chosen.max(0))).all(1)
    assert inside.sum() == len(listed)
    assert page.text("#selected") == f"{len(listed)} of 8 images selected"
    page.run("document.getElementById('clear').click()")
    page.wait("document.querySelectorAll('#list li').length === 8")


def test_a_typed_range_selects_without_a_mouse(page, run):
    page.open(run.page)
    for picker, value in (("from", "0.2"), ("to", "0.7")):
        page.choose(picker, value)
    listed = [float(value) for value in page.attributes("#list button", "data-value")]
    own = run.wide("one", "first", "noise")["cosine_similarity"]
    assert listed == sorted(value for value in own if 0.2 <= value <= 0.7)


def test_pictures_are_those_of_the_image_and_attention_lies_over_them(page, run):
    page.open(run.page, augmentation="horizontal_flip", image="image 2")
    tiles = [name for name in page.attributes("#tiles canvas", "data-tile") if "similarity" not in name]
    assert tiles == ["original", "view", "attention-original", "attention-view", "difference", "registered"]
    original, view = (pixels(page, name).astype(int) for name in ("original", "view"))
    assert np.abs(original[:, ::-1] - view).mean() < 25  # random pixels, compressed
    assert np.abs(original - view).mean() > 50
    assert np.abs(pixels(page, "attention-original").astype(int) - original).mean() > 10
    page.choose("augmentation", "noise")
    assert "registered" not in page.attributes("#tiles canvas", "data-tile")
    assert "moves no pixels" in page.text("#attention-note")
    assert all(page.attributes("#tiles canvas", "aria-label"))


def test_the_similarity_of_patches_is_shown_for_captured_images(page, run):
    captured, other = sorted(IDS)[0], sorted(IDS)[-1]
    page.open(run.page, augmentation="noise", image=captured)
    assert page.attributes("#tiles canvas", "data-tile")[-2:] == ["similarity-original", "similarity-view"]
    ends = page.texts("#tiles figure:last-child .ends span")
    assert ends == ["0.50", "1.00"]
    page.choose("image", other)
    assert "similarity-view" not in page.attributes("#tiles canvas", "data-tile")


def test_nearest_images_are_those_of_the_embeddings(page, run):
    page.open(run.page, augmentation="noise", image="image 4")
    for view, panel in (("original", "before"), ("noise", "after")):
        stored = np.load(run.root / f"one/first/embeddings/{view}.npz")
        units = stored["embedding"] / np.linalg.norm(stored["embedding"], axis=1, keepdims=True)
        similarity = units @ units[list(stored["image_id"]).index("image 4")]
        expected = [stored["image_id"][place] for place in np.argsort(-similarity)[1:4]]
        assert page.attributes(f"#{panel} button", "data-image") == expected
        found = [float(value) for value in page.attributes(f"#{panel} button", "data-value")]
        np.testing.assert_allclose(found, np.sort(similarity)[::-1][1:4], atol=1e-5)


def test_the_slider_shows_view_and_value_at_every_dose(page, run):
    page.open(run.page, augmentation="noise", image=sorted(IDS)[0])
    table = run.table("one", "first", "study/metrics.parquet")
    expected = table[table["metric"] == "cosine_similarity"]["value"].tolist()
    for place, dose in enumerate(DOSES):
        page.choose("dose", str(place))
        page.wait("document.querySelector('canvas[data-tile=dose]').dataset.drawn === 'true'")
        assert float(page.attributes("#dose-number", "data-value")[0]) == expected[place]
        assert page.text("#dose-value") == f"{dose:g}"
    page.choose("image", "image 6")
    assert page.text("#dose-note").startswith("This image is not in the study.")


def test_summary_claims_and_layers_equal_their_tables(page, run):
    page.open(run.page, dataset="two", metric="l2_distance", layer="1", augmentation="horizontal_flip")
    for model in MODELS:
        summary = run.table("two", model, "summary.csv").query("metric == 'l2_distance'")
        cells = page.attributes(f"#summary tr[data-encoder={model}] td.number", "data-value")
        expected = summary[["mean", "ci_low", "ci_high", "n"]].to_numpy().ravel()
        assert [float(cell) for cell in cells] == list(expected)
    claims = run.table("two", "first", "claims.csv")
    cells = page.run(
        "return [...document.querySelectorAll('#claims tbody tr')].map((r) => r.children[3].dataset.value)"
    )
    assert [float(cell) for cell in cells[:-1]] == list(claims["effect"].dropna())
    assert page.texts("#claims tbody tr:last-child td")[2] == "not tested (blur is not configured)"
    layers = run.table("two", "first", "layers.csv").query("augmentation == 'horizontal_flip' and token == 'class'")
    assert float(page.attributes("#layer-values td:last-child", "data-value")[0]) == layers["cosine"].iloc[1]
    assert page.texts("#layer-values td:last-child")[2] == "not defined"


def test_a_layer_has_the_values_of_the_image_beside_the_means(page, run):
    captured, other = sorted(IDS)[2], sorted(IDS)[-1]
    page.open(run.page, dataset="two", image=captured, augmentation="noise", layer="1")
    before, after = (np.load(run.root / f"two/first/captured/{view}/00000.npz") for view in ("original", "noise"))
    row = list(before["image_id"]).index(captured)
    first, second = before["stream_class"][row, 1].astype(float), after["stream_class"][row, 1].astype(float)
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    distance = np.linalg.norm(second - first) / (first.std() * 2)
    found = page.attributes("#layer-values td:nth-of-type(1)", "data-value")
    assert [float(value) for value in found[:2]] == pytest.approx([cosine, distance], rel=1e-5)
    assert page.texts("#layer-values td:nth-of-type(1)")[2:] == ["–"] * 3
    page.choose("image", other)
    assert page.texts("#layer-values td:nth-of-type(1)")[0] == "not defined"
    assert "holds no layers of this image" in page.text("#layers-note")


def test_drawn_parameters_are_named_as_in_figures(page, run):
    page.open(run.page, augmentation="noise")
    names = page.attributes("#parameters tr[data-parameter]", "data-parameter")
    words = dict(zip(names, page.texts("#parameters tr[data-parameter] th"), strict=True))
    assert words["arguments.std_range"] == "std range (setting)" and words["transform"] == "transform"
    assert words["parameters.noise_map.sha256"] == "noise map sha256"


def test_one_image_without_attention_captions_doses_and_layers(page, tmp_path):
    run = ExplorerRun(tmp_path, ["only"], {"d": "D"}, {"m": "M"}, ["Noise", "Flip"], heads=0, detailed=False)
    page.open(run.write_page())
    assert page.attributes("#tiles canvas", "data-tile") == ["original", "view"]
    assert page.text("#attention-note") == "This encoder has no attention map."
    assert page.texts("#before li") == ["There are no other images."]
    assert page.run("return ['dose-section', 'layers-section'].map((id) => document.getElementById(id).hidden)") == [
        True,
        True,
    ]


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_shows_the_page_without_scrolling_sideways(page, run, dark):
    scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
    metrics = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        page.open(run.page, image=IDS[-1], dataset="two")
        assert page.run("return document.documentElement.scrollWidth") == 360
        color = page.run("return getComputedStyle(document.body).backgroundColor")
        assert color == ("rgb(22, 22, 24)" if dark else "rgb(255, 255, 255)")
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_every_control_and_chart_has_a_name_for_screen_readers(page, run):
    page.open(run.page)
    nameless = """return [...document.querySelectorAll('button, select, input, [role=img]')].filter((e) =>
        !(e.getAttribute('aria-label') || e.textContent.trim() && e.tagName === 'BUTTON' || e.labels?.length))
        .map((e) => e.outerHTML)"""
    assert page.run(nameless) == []
    assert page.run("return document.querySelectorAll('.chart[role=img]').length") >= 3
    assert "place 1 of 8" in page.text("[role=status]")


def test_a_page_of_a_large_dataset_is_bounded_and_opens_in_time(page, run, tmp_path):
    """As many images as of 13,312 with many outliers, with the full number of pictures."""
    count = standing.MOST_OUTLIERS + standing.SAMPLE
    html = run.page.read_text()
    content = json.loads(html.partition('id="data">')[2].partition("</script>")[0])
    dataset, pair = content["datasets"][0], content["pairs"]["one/first"]
    content["datasets"] = [dataset]
    content["models"] = content["models"][:1]
    content["pairs"] = {"one/first": pair}
    dataset["images"] = [dataset["images"][0] | {"image_id": f"image {place}"} for place in range(count)]
    dataset["total"], dataset["outliers"], dataset["outliers_left_out"] = 13_312, 1_000, 400
    random = np.random.default_rng(0)
    for name, metric in itertools.product(("noise", "horizontal_flip"), list(pair["values"]["noise"])):
        values = random.random(count)
        pair["values"][name][metric], pair["ranks"][name][metric] = (
            values.tolist(),
            (values.argsort().argsort() + 1).tolist(),
        )
    pair["nearest"] = {
        view: list(itertools.islice(itertools.cycle(rows), count)) for view, rows in pair["nearest"].items()
    }
    path = tmp_path / "large.html"
    path.write_text(explorer_page.write(content, (PROJECT / "report/explorer").iterdir()))
    started = time.monotonic()
    page.open(path, image="image 700")
    assert time.monotonic() - started < 10  # about 2 s on a machine that does nothing else
    assert page.text("#selected") == f"{count} of 13312 images selected"
    assert len(page.attributes("#list li", "class")) < 100
    shown = f"{count} of 13312 images are on this page: the 600 outliers that shift the farthest (400 other outliers"
    assert shown in page.text("#order")
    assert page.text("#attention-note") == "The page holds no pictures of this image."
