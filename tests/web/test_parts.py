"""The parts that every page is built from: what they tie together, and what they never let through."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader
from werkzeug.datastructures import MultiDict
from wtforms import FieldList, Form, FormField, IntegerField, RadioField, StringField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than the published stubs
from wtforms.validators import InputRequired

TEMPLATES = Path(__file__).parents[2] / "templates"
HOSTILE = '"><script>run()</script>'


class Line(Form):
    """A form inside a form, as in a list of deliverables."""

    what = StringField("Deliverable", [InputRequired("Name the deliverable")])


class Offer(Form):
    """One field of each way of being laid out."""

    title = StringField("Title", [InputRequired("Enter a title")], description="In a few words")
    days = IntegerField("Days")
    paid = RadioField(
        "How is it paid?",
        [InputRequired("Choose how it is paid")],
        choices=[SelectChoice("fixed", "Fixed price"), SelectChoice("hour", "By the hour")],
    )
    lines = FieldList(FormField(Line), "Deliverables", min_entries=2)


@pytest.fixture
def templates() -> Environment:
    """Give the templates with nothing of the application around them."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    environment.globals["url_for"] = lambda _endpoint, filename: f"/static/{filename}"
    return environment


def rendered(templates: Environment, source: str, **values: object) -> str:
    """Render a line of template that may use the form macros."""
    return templates.from_string('{% import "parts/forms.html" as forms %}' + source).render(**values)


def test_a_field_is_tied_to_its_hint_and_its_error(templates: Environment) -> None:
    offer = Offer(MultiDict({"title": ""}))
    offer.validate()
    html = rendered(templates, "{{ forms.field(form.title) }}", form=offer)
    assert 'aria-describedby="title-hint title-error"' in html
    assert 'id="title-hint"' in html
    assert 'id="title-error"' in html
    assert 'aria-invalid="true"' in html


def test_what_was_typed_into_a_number_is_kept_when_it_is_refused(templates: Environment) -> None:
    offer = Offer(MultiDict({"days": "about ten"}))
    assert not offer.validate()
    assert 'value="about ten"' in rendered(templates, "{{ forms.field(form.days) }}", form=offer)


def test_every_link_of_the_error_summary_leads_to_a_field(templates: Environment) -> None:
    offer = Offer(MultiDict({"days": "about ten"}))
    offer.validate()
    html = rendered(templates, "{{ forms.error_summary(form) }}{{ forms.form(form) }}", form=offer)
    targets = re.findall(r'<li><a href="#([^"]+)"', html)
    assert len(targets) == len(("title", "days", "paid", "first line", "second line"))
    assert all(f'id="{target}"' in html for target in targets)


def test_no_error_summary_stands_over_a_form_without_errors(templates: Environment) -> None:
    assert "error-summary" not in rendered(templates, "{{ forms.error_summary(form) }}", form=Offer())


def test_only_fields_that_may_be_left_out_say_optional(templates: Environment) -> None:
    assert "(optional)" in rendered(templates, "{{ forms.field(form.days) }}", form=Offer())
    assert "(optional)" not in rendered(templates, "{{ forms.field(form.title) }}", form=Offer())


def test_typed_markup_comes_back_as_text(templates: Environment) -> None:
    offer = Offer(MultiDict({"title": HOSTILE}))
    html = rendered(templates, "{{ forms.form(form) }}", form=offer)
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429, 500, 503, 599])
def test_an_error_page_needs_nothing_but_its_status(templates: Environment, status: int) -> None:
    html = templates.get_template("errors/error.html").render(status=status)
    assert html.count("<h1") == 1
    assert 'href="/"' in html
    assert str(status) in html


def test_an_error_page_gives_back_what_was_written_as_text(templates: Environment) -> None:
    html = templates.get_template("errors/error.html").render(
        status=409, kept_text=HOSTILE, details=[HOSTILE], request_id="01JD8Z3"
    )
    assert "<script>run" not in html
    assert html.count("&lt;script&gt;") == len(("kept text", "detail"))
    assert "01JD8Z3" in html


def test_the_theme_is_set_by_the_server_so_that_nothing_flashes(templates: Environment) -> None:
    page = templates.get_template("errors/error.html")
    assert 'data-theme="dark"' in page.render(status=404, theme="dark")
    assert "data-theme" not in page.render(status=404, theme="system")
    assert "data-theme" not in page.render(status=404, theme=HOSTILE)


def test_a_row_of_a_table_repeats_its_headings_for_cards(templates: Environment) -> None:
    source = (
        '{% import "parts/table.html" as table %}'
        '{% call(row) table.table("Offers", [{"label": "Reference"}, {"label": "Client"}], rows) %}'
        '{{ table.head_cell(row, "/offers/" ~ row) }}{{ table.cell("Client", client) }}{% endcall %}'
    )
    html = templates.from_string(source).render(rows=["OF-7K3M9Q"], client=HOSTILE)
    assert 'data-label="Client"' in html
    assert 'href="/offers/OF-7K3M9Q"' in html
    assert "<script>" not in html
