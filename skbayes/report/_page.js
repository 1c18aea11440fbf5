// The page: reads the payload, draws everything, and draws it anew when a search that is followed goes on.

function update(data) {
  if (view.data && table.selected !== null) {
    // A candidate keeps its number; before it others may have come to an end.
    const again = data.trials.number.indexOf(view.data.trials.number[table.selected]);
    table.selected = again < 0 ? null : again;
  }
  view.data = data;
  view.texts = [];
  table.signature = null;
  document.title = data.title;
  byId("title").textContent = data.title;
  byId("subtitle").textContent = data.subtitle;
  byId("written").textContent = "Written by skbayes " + data.skbayes + ", " + data.written + ".";
  drawTiles(data.summary);
  drawIncumbent(data.incumbent);
  fillPairs(byId("environment").querySelector("table"), data.environment);
  drawErrors(data.errors);
  drawReproduce(data.reproduce);
  measureRanges();
  setTable(data.columns, data.incumbent ? data.incumbent.row : null);  // draws the pictures that follow its filters
  // Whether there is anything to see in them is known without drawing.
  byId("pareto").hidden = !data.pareto;
  byId("timeline").hidden = Boolean(data.timeline.missing);
  drawLater("importance");
  drawSelected();
}

function drawTiles(summary) {
  byId("tiles").replaceChildren(...summary.map((tile) => {
    const box = element("div", null, {class: "tile"}), list = element("dl");
    list.append(element("dt", tile.label), element("dd", tile.value, {class: "value"}));
    if (tile.note) list.append(element("dd", tile.note, {class: "note"}));
    box.append(list);
    return box;
  }));
}

function drawIncumbent(incumbent) {
  const section = byId("incumbent"), lead = section.querySelector(".lead");
  byId("copy-incumbent").hidden = !incumbent;
  if (!incumbent) {
    lead.textContent = "No candidate has a score.";
    fillPairs(section.querySelector("table"), []);
    return;
  }
  const by = incumbent.chosen_by ? ", chosen by refit=" + incumbent.chosen_by : "";
  lead.textContent = "Candidate " + view.data.trials.number[incumbent.row] + (incumbent.score === null ? "" : ", score " + brief(numeric(incumbent.score), 5)) + by;
  fillPairs(section.querySelector("table"), incumbent.params.map(([name, value]) => [name, brief(value, 8)]));
}

function drawErrors(errors) {
  byId("errors").hidden = errors.length === 0;
  const place = byId("errors").querySelector(".list");
  const open = new Set(Array.from(place.querySelectorAll("details[open] summary")).map((each) => each.dataset.reason));
  place.replaceChildren(...errors.map((error) => {
    const box = element("details"), summary = element("summary", plural(error.count, "fit", "fits") + ": " + error.reason, {"data-reason": error.reason});
    box.open = open.has(error.reason);
    box.append(summary, element("pre", error.traceback, {tabindex: "0"}));
    return box;
  }));
}

function drawReproduce(found) {
  const section = byId("reproduce");
  section.querySelector("code").textContent = found.code;
  section.querySelector("pre").hidden = !found.code;
  byId("copy-code").hidden = !found.code;
  section.querySelector("ul").replaceChildren(...found.notes.map((note) => element("li", note)));
}

// All that is known of one candidate.
function drawSelected() {
  const section = byId("selected"), row = table.selected;
  section.hidden = row === null;
  if (row === null) return;
  byId("selected-title").textContent = "Candidate " + view.data.trials.number[row] + (row === table.best ? ", the incumbent" : "");
  fillPairs(section.querySelector("table"), table.columns.slice(1).map((column) => [column.label, column.values[row]])
    .filter(([, value]) => value !== null));
}

// A picture is drawn when it comes into view: who types into a filter of ten thousand candidates does not wait for
// pictures that are out of sight.
const PICTURES = {
  convergence: drawConvergence, importance: drawImportance, slice: drawSlice, pareto: drawPareto, parallel: drawParallel,
  timeline: drawTimeline,
};
const stale = new Set(), inView = new Set();

function drawLater(...names) {
  for (const name of names) {
    if (inView.has(name)) PICTURES[name](); else stale.add(name);
  }
}

function watchPictures() {
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const name = entry.target.id;
      if (!entry.isIntersecting) {
        inView.delete(name);
        continue;
      }
      inView.add(name);
      if (stale.delete(name) && view.data) PICTURES[name]();
    }
  }, {rootMargin: "400px"});
  for (const name in PICTURES) observer.observe(byId(name));
}

function drawFiltered() {
  view.passes = table.shown.length < table.n ? new Set(table.shown) : null;
  drawLater("convergence", "slice", "pareto", "parallel", "timeline");
}

function drawAll() {
  stale.clear();
  for (const name in PICTURES) PICTURES[name]();
}

function notice(text, kind) {
  const line = byId("notice");
  line.textContent = text;
  line.hidden = !text;
  line.className = kind || "";
}

// For tests, and for whoever writes a page around this one.
function state() {
  return {
    n_rows: table.n, n_shown: table.shown.length, rows: table.shown.slice(), sort: table.sort.slice(),
    filters: Object.assign({}, table.filters), selected: table.selected, page: table.page,
  };
}

function wirePage() {
  wireTable();
  table.onChange = drawFiltered;
  table.onSelect = () => {
    drawSelected();
    drawLater("convergence", "slice", "parallel", "pareto");
  };
  byId("slice-parameter").addEventListener("change", (event) => { view.parameter = event.target.value; drawSlice(); });
  byId("pareto-pair").addEventListener("change", (event) => { view.pair = Number(event.target.value); drawPareto(); });
  byId("copy-incumbent").addEventListener("click", (event) => showCode(view.data.incumbent.code, event.currentTarget));
  byId("copy-selected").addEventListener("click", (event) => showCode(view.data.codes[table.selected], event.currentTarget));
  byId("copy-code").addEventListener("click", (event) => showCode(view.data.reproduce.code, event.currentTarget));
  byId("unselect").addEventListener("click", () => select(null));
  byId("csv").addEventListener("click", () => download(fileName(view.data.title) + ".csv", "text/csv;charset=utf-8", asCsv()));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && table.selected !== null) select(null); });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  window.addEventListener("beforeprint", () => { view.isPrinting = true; drawAll(); });
  window.addEventListener("afterprint", () => { view.isPrinting = false; drawAll(); });
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    later("width", () => drawLater("parallel"));
  });
}

function fileName(title) { return title.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-+|-+$/g, "").toLowerCase().slice(0, 60) || "search"; }

wirePage();
watchPictures();
window.skbayes = {update: update, notice: notice, state: state, drawAll: drawAll};
update(JSON.parse(byId("payload").textContent));
