"""What others wrote works under the policy of our pages: no inline style, nothing evaluated, nothing from elsewhere."""

from __future__ import annotations

from andon.web.assets import Assets
from kit.browsing import Watched

_AT = f"{Assets().address}/vendor"

_EDITOR = """async at => {
  const { EditorView, MergeView, sql, lineNumbers } = await import(`${at}/codemirror.js`);
  const theme = EditorView.theme({ "&": { fontSize: "21px" } });
  const main = document.querySelector("main");
  const editor = new EditorView({ doc: "select 1 from x", parent: main, extensions: [lineNumbers(), sql(), theme] });
  const merge = new MergeView({ a: { doc: "select 1" }, b: { doc: "select 2" }, parent: main });
  return [getComputedStyle(editor.dom).fontSize, merge.chunks.length];
}"""

_CHART = """async at => {
  const { plot, dot } = await import(`${at}/plot.js`);
  const marks = [dot([[1, 2, "a"], [2, 3, "b"]], { x: "0", y: "1", stroke: "2", tip: true })];
  const named = plot({ marks, color: { legend: true } });
  const numbers = plot({ marks: [dot([[1, 2], [2, 3]], { stroke: "1" })], color: { legend: true } });
  document.querySelector("main").append(named, numbers);
  const chart = named.querySelector("svg[class^='plot-']:last-of-type");
  return [document.querySelectorAll("style").length, getComputedStyle(chart).display, named.querySelectorAll("circle").length];
}"""

_LAYOUT = """async at => {
  const { graphlib, layout } = await import(`${at}/dagre.js`);
  const graph = new graphlib.Graph().setGraph({ rankdir: "LR" }).setDefaultEdgeLabel(() => ({}));
  graph.setNode("a", { width: 10, height: 10 });
  graph.setNode("b", { width: 10, height: 10 });
  graph.setEdge("a", "b");
  layout(graph);
  return graph.node("b").x - graph.node("a").x;
}"""


def test_the_editor_has_its_style_and_compares(window: Watched):
    assert window.go("/").evaluate(_EDITOR, _AT) == ["21px", 1]


def test_a_chart_and_its_legends_are_drawn(window: Watched):
    assert window.go("/").evaluate(_CHART, _AT) == [0, "block", 2]


def test_a_graph_is_laid_out(window: Watched):
    assert window.go("/").evaluate(_LAYOUT, _AT) > 10
