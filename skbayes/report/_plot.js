// What the pictures share, and those of scores: convergence, importance, one parameter, several objectives.

// Viridis of matplotlib, by ten; which end is the better one depends on the ground it is drawn on.
const VIRIDIS = ["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"];
// plotly's own bar has a button that uploads the picture to a server: ours are named one by one.
const CONFIG = {
  responsive: true, displaylogo: false, showTips: false, scrollZoom: false, showSendToCloud: false, plotlyServerURL: "",
  displayModeBar: window.matchMedia("(hover: hover)").matches ? "hover" : false,
  modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
};
// A finger that drags scrolls the page.
const isTouch = window.matchMedia("(pointer: coarse)").matches;

const view = {data: null, xOf: "evaluations", parameter: null, pair: 0, isPrinting: false, passes: null, texts: []};

function isDark() { return !view.isPrinting && window.matchMedia("(prefers-color-scheme: dark)").matches; }
function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim(); }
function statusColour(status) { return isDark() ? STATUSES[status].dark : STATUSES[status].colour; }

// Dark on white is the best, bright on black; of the end next to the ground, a fifth is left out.
function scoreColours() {
  const kept = isDark() ? VIRIDIS.slice(2) : VIRIDIS.slice(0, 9).reverse();
  return kept.map((each, k) => [k / (kept.length - 1), each]);
}

function colourAt(place) {
  const scale = scoreColours();
  return scale[Math.round(place * (scale.length - 1))][1];
}

function axis(title, more) {
  return Object.assign({
    title: {text: literal(title), standoff: 8}, gridcolor: colour("grid"), zeroline: false, linecolor: colour("line"),
    ticks: "outside", tickcolor: colour("line"), automargin: true, exponentformat: "e", minexponent: 4,
  }, more);
}

function layout(more) {
  return Object.assign({
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", hovermode: "closest", dragmode: isTouch ? false : "zoom",
    font: {family: "system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif", size: 12.5, color: colour("text")},
    margin: {l: 60, r: 16, t: 12, b: 48}, height: 360, uirevision: "kept",
    legend: {orientation: "h", x: 0, y: 1.02, yanchor: "bottom", xanchor: "left"},
    modebar: {bgcolor: "rgba(0,0,0,0)", color: colour("quiet"), activecolor: colour("accent")},
    hoverlabel: {bgcolor: colour("card"), bordercolor: colour("line"), font: {color: colour("text"), size: 12.5}, align: "left"},
  }, more);
}

function plotIn(section) { return byId(section).querySelector(".plot"); }
function noteIn(section, text) { byId(section).querySelector(".note").textContent = text; }

function draw(section, traces, given) {
  const place = plotIn(section);
  if (place.firstElementChild && place.firstElementChild.classList.contains("empty")) place.replaceChildren();
  const config = Object.assign({}, CONFIG, {toImageButtonOptions: {format: "svg", filename: "skbayes-" + section}});
  if (section === "parallel") config.modeBarButtons = [["toImage"]];
  place.style.height = given.height + "px";
  Plotly.react(place, traces, given, config);
  if (!place.dataset.wired) {
    place.dataset.wired = "1";
    place.on("plotly_click", (event) => {
      const trial = event.points[0].customdata;
      if (Number.isInteger(trial)) select(trial);
    });
  }
}

function drawEmpty(section, text) {
  const place = plotIn(section);
  if (place.dataset.wired) {
    Plotly.purge(place);
    delete place.dataset.wired;
  }
  place.style.height = "";
  place.replaceChildren(element("p", text, {class: "empty"}));
  noteIn(section, "");
}

// What a candidate is, for the mouse.
function trialText(i) {
  if (view.texts[i] === undefined) view.texts[i] = describeTrial(i);
  return view.texts[i];
}

function describeTrial(i) {
  const trials = view.data.trials, lines = ["<b>candidate " + trials.number[i] + "</b>"];
  const score = trials.score[i];
  const partial = trials.partial && trials.partial[i] !== null ? ", " + brief(numeric(trials.partial[i]), 5) + " on its rung" : "";
  lines.push(score === null ? literal(STATUSES[trials.status[i]].label) + partial : "score " + brief(numeric(score), 5));
  const names = Object.keys(trials.params).filter((name) => trials.params[name][i] !== null);
  for (const name of names.slice(0, 12)) {
    lines.push(literal(shortened(name, 40)) + " = " + literal(shortened(brief(trials.params[name][i]), 40)));
  }
  if (names.length > 12) lines.push("and " + (names.length - 12) + " more");
  return lines.join("<br>");
}

function passes(i) { return view.passes === null || view.passes.has(i); }

// The range of an axis of scores: one candidate far below must not press all others together.
function scoreRange(values) {
  const known = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (!known.length) return {range: [0, 1], low: 0, base: 0.1, n_below: 0, ticks: {tickvals: []}};
  const at = (q) => known[Math.min(known.length - 1, Math.floor(q * known.length))];
  const top = known[known.length - 1];
  let low = known[0];
  // Tukey's outer fence, as in the axis of the scores of the parallel coordinates.
  const fence = at(0.25) - 3 * (at(0.75) - at(0.25));
  if (known.length >= 8 && at(0.25) < at(0.75) && low < fence) low = known.find((value) => value >= fence);
  const width = (top - low) || Math.abs(top) * 0.1 || 1;
  return {range: [low - 0.14 * width, top + 0.07 * width], low: low, base: low - 0.09 * width, n_below: known.filter((v) => v < low).length, ticks: {}};
}

// Where candidates stand in a picture: at their scores, on a lower rung at what they had there, else at the lower edge.
function heights(scores) {
  const partial = view.data.trials.partial;
  const known = scores.map((score, i) => (Number.isNaN(score) && partial ? numeric(partial[i]) : score));
  const shape = scoreRange(known);
  shape.n_without = known.filter(Number.isNaN).length;
  return [(i) => (Number.isNaN(known[i]) ? shape.base : known[i]), shape, known];
}

function markers(indices, x, y, status, more) {
  // One number is drawn faster than as many as there are marks.
  const dimmed = view.passes !== null, alpha = indices.length > 400 ? 0.55 : 0.75;
  return Object.assign({
    type: "scatter", mode: "markers", name: STATUSES[status].label, x: indices.map(x), y: indices.map(y),
    customdata: indices, hoverinfo: "text", text: indices.map(trialText),
    marker: {
      symbol: STATUSES[status].symbol, size: indices.length > 400 ? 5 : 8, color: statusColour(status),
      opacity: dimmed ? indices.map((i) => (passes(i) ? alpha : 0.12)) : alpha,
      line: {width: indices.length > 400 ? 0 : 0.5, color: colour("card")},
    },
  }, more);
}

// The incumbent, if it is among these and has a place.
function star(indices, x, y) {
  const chosen = view.data.incumbent ? view.data.incumbent.row : -1;
  if (!indices.includes(chosen) || !Number.isFinite(numeric(view.data.trials.score[chosen]))) return [];
  return [{
    type: "scatter", mode: "markers", name: "incumbent", x: [x(chosen)], y: [y(chosen)], customdata: [chosen],
    hoverinfo: "text", text: [trialText(chosen)], showlegend: true,
    marker: {symbol: "star", size: 17, color: colour("best"), line: {width: 1.5, color: colour("card")}},
  }];
}

function ring(indices, x, y) {
  const chosen = indices.filter((i) => i === table.selected);
  return {
    type: "scatter", mode: "markers", x: chosen.map(x), y: chosen.map(y), hoverinfo: "skip", showlegend: false,
    marker: {symbol: "circle-open", size: 16, color: colour("text"), line: {width: 2}},
  };
}

function byStatus(indices) {
  const groups = {};
  for (const i of indices) {
    const status = view.data.trials.status[i];
    (groups[status] = groups[status] || []).push(i);
  }
  return Object.keys(STATUSES).filter((status) => groups[status]).map((status) => [status, groups[status]]);
}

function all() { return view.data.trials.number.map((_, i) => i); }

function drawConvergence() {
  const trials = view.data.trials, n = trials.number.length;
  byId("convergence-x").hidden = !n;
  if (!n) return drawEmpty("convergence", "No candidate was evaluated yet.");
  const times = trials.seconds, scores = trials.score.map(numeric);
  const scales = {evaluations: [(i) => i + 1, "candidates evaluated"]};
  if (trials.fits) scales.fits = [(i) => trials.fits[i], "fits"];
  if (times) {
    const [length, name] = unitOf(times.reduce((most, value) => Math.max(most, value || 0), 0));
    scales.seconds = [(i) => times[i] / length, name + (trials.is_clock ? " since the first fit began" : " of fits and scores, added up")];
  }
  drawScales(Object.keys(scales));
  const [x, title] = scales[view.xOf] || scales.evaluations;
  const [y, shape] = heights(scores);
  const traces = byStatus(all()).map(([status, indices]) => markers(indices, x, y, status));
  const best = bestSoFar(scores, x);
  if (best.x.length) {
    traces.push({
      type: "scatter", mode: "lines", name: "best so far", x: best.x, y: best.y, hoverinfo: "skip",
      line: {shape: "hv", color: colour("best"), width: 2.5},
    });
  }
  traces.push(...star(all(), x, y), ring(all(), x, y));
  const integers = view.xOf !== "seconds" && n < 12 ? {dtick: Math.max(1, Math.ceil(x(n - 1) / 8))} : {};
  draw("convergence", traces, layout({
    xaxis: axis(title, Object.assign({rangemode: "tozero"}, integers)),
    yaxis: axis(shortened(view.data.score_name, 44), Object.assign({range: shape.range}, shape.ticks)),
    showlegend: true, uirevision: view.xOf,
  }));
  const remarks = view.data.remark ? [view.data.remark] : [];
  if (shape.n_without) remarks.push(plural(shape.n_without, "candidate", "candidates") + " without a score at the lower edge.");
  if (shape.n_below) {
    remarks.push(plural(shape.n_below, "candidate lies", "candidates lie") + " below this range; a double click shows all.");
  }
  noteIn("convergence", remarks.join(" "));
}

function bestSoFar(scores, x) {
  const order = all().sort((a, b) => x(a) - x(b)), line = {x: [], y: []};
  let best = -Infinity;
  for (const i of order) {
    if (scores[i] > best) {
      best = scores[i];
      line.x.push(x(i));
      line.y.push(best);
    }
  }
  if (line.x.length && order.length) {
    line.x.push(x(order[order.length - 1]));
    line.y.push(best);
  }
  return line;
}

function drawScales(names) {
  const field = byId("convergence-x");
  field.hidden = names.length < 2;
  if (field.querySelectorAll("input").length === names.length) return;
  if (!names.includes(view.xOf)) view.xOf = "evaluations";
  field.replaceChildren(field.querySelector("legend"), ...names.map((name) => {
    const label = element("label"), choice = element("input", "", {type: "radio", name: "x", value: name});
    choice.checked = name === view.xOf;
    choice.addEventListener("change", () => {
      view.xOf = name;
      drawConvergence();
    });
    label.append(choice, element("span", name));
    return label;
  }));
}

function drawImportance() {
  const found = view.data.importance;
  if (found.missing) return drawEmpty("importance", found.missing);
  const n = Math.min(found.names.length, 15), names = found.names.slice(0, n).reverse();
  const part = (key) => found[key].slice(0, n).reverse().map((value) => (value === null ? 0 : numeric(value)));
  const first = part("first_order"), first_std = part("first_order_std"), total = part("total");
  const places = names.map((_, k) => k);
  const text = names.map((name, k) => "<b>" + literal(name) + "</b><br>alone " + brief(first[k], 2) + " ± " + brief(first_std[k], 1)
    + "<br>with interactions " + brief(total[k], 2) + " ± " + brief(part("total_std")[k], 1));
  draw("importance", [
    {
      type: "bar", orientation: "h", name: "with interactions", y: places, x: total, text: text, textposition: "none", hoverinfo: "text",
      marker: {color: "rgba(0,0,0,0)", line: {color: colour("strong"), width: 1.5}}, width: 0.72,
    },
    {
      type: "bar", orientation: "h", name: "alone", y: places, x: first, text: text, textposition: "none", hoverinfo: "text",
      marker: {color: colour("strong")}, width: 0.72,
      error_x: {type: "data", array: first_std, color: colour("text"), thickness: 1.5, width: 4},
    },
  ], layout({
    barmode: "overlay", height: Math.max(260, 90 + 30 * n), showlegend: true,
    xaxis: axis("share of the variance", {range: [0, Math.max(1, ...total, ...first.map((share, k) => share + first_std[k])) * 1.03]}),
    yaxis: axis("", {tickvals: places, ticktext: shortNames(found.names.slice(0, n), 26).reverse().map(literal), ticks: "", range: [-0.6, n - 0.4]}),
  }));
  const pair = found.pairs.length && numeric(found.pairs[0][2]) >= 0.01 ? found.pairs[0] : null;
  const rest = found.names.length - n;
  noteIn("importance", "A model of the score, fitted to " + plural(found.n_trials, "candidate", "candidates")
    + "; lines are standard deviations."
    + (pair ? " Largest interaction: " + pair[0] + " × " + pair[1] + ", " + brief(pair[2], 2) + "." : "")
    + (rest > 0 ? " " + rest + " more parameters have smaller shares." : ""));
}

function drawSlice() {
  const axes = view.data.parallel, trials = view.data.trials;
  const field = byId("slice-parameter");
  field.closest(".controls").hidden = Boolean(axes.missing);
  if (axes.missing) return drawEmpty("slice", axes.missing);
  const ranked = view.data.importance.names || axes.names;
  if (!axes.names.includes(view.parameter)) view.parameter = axes.names.includes(ranked[0]) ? ranked[0] : axes.names[0];
  fillSelect(field, axes.names.map((name, k) => [name, shortNames(axes.names, 60)[k]]), view.parameter);
  const j = axes.names.indexOf(view.parameter), places = axes.positions[j];
  const scores = trials.score.map(numeric), [y, shape] = heights(scores);
  const active = all().filter((i) => places[i] !== null);
  // Equal choices lie side by side in the order of evaluation, within a fifth of the way to the next.
  const spread = isChoice(j) ? 0.4 / axes.n_choices[j] : 0;
  const x = (i) => places[i] + spread * (i / Math.max(1, trials.number.length - 1) - 0.5);
  const traces = byStatus(active).map(([status, indices]) => {
    const trace = markers(indices, x, y, status, {showlegend: status !== "complete"});
    if (status === "complete") {
      Object.assign(trace.marker, {
        color: indices, cmin: 0, cmax: Math.max(1, trials.number.length - 1), colorscale: scoreColours(), showscale: true,
        colorbar: {title: {text: "evaluated", side: "right"}, thickness: 10, outlinewidth: 0, tickvals: [0, trials.number.length - 1], ticktext: ["first", "last"]},
      });
    }
    return trace;
  });
  traces.push(...star(active, x, y), ring(active, x, y));
  const shown = roomyTicks(axes.ticks[j], axes.tick_labels[j], plotIn("slice").clientWidth - 160);
  draw("slice", traces, layout({
    height: 360, showlegend: traces.some((trace) => trace.showlegend), uirevision: view.parameter,
    xaxis: axis(shortened(view.parameter, 44), {
      range: [-0.03, 1.03], tickvals: shown.map((k) => axes.ticks[j][k]), ticktext: shown.map((k) => literal(shortened(axes.tick_labels[j][k], shown.isTight ? 18 : 60))),
      tickangle: shown.isTight ? -50 : 0,
    }),
    yaxis: axis(shortened(view.data.score_name, 44), Object.assign({range: shape.range}, shape.ticks)),
  }));
  const n_inactive = trials.number.length - active.length;
  const n_without = active.filter((i) => y(i) === shape.base).length;
  noteIn("slice", [
    n_without ? plural(n_without, "candidate", "candidates") + " without a score at the lower edge." : "",
    n_inactive ? plural(n_inactive, "candidate does", "candidates do") + " not have this parameter." : "",
    shape.n_below ? plural(shape.n_below, "candidate lies", "candidates lie") + " below this range; a double click shows all." : "",
  ].filter((text) => text).join(" "));
}

// Those of the ticks whose texts do not touch; choices are all named, aslant if need be.
function roomyTicks(ticks, labels, width) {
  const kept = [], wide = (k) => 7.5 * labels[k].length + 8;
  const touches = (a, b) => Math.abs(ticks[a] - ticks[b]) * width < (wide(a) + wide(b)) / 2;
  const last = ticks.length - 1;
  ticks.forEach((_, k) => {
    const before = kept[kept.length - 1];
    if (kept.length === 0 || k === last || (!touches(k, before) && !touches(k, last))) kept.push(k);
  });
  if (kept.length === ticks.length || !Number.isNaN(Number(labels[0]))) return kept;
  const step = Math.ceil(15 * ticks.length / width);  // of lines of text aslant
  return Object.assign(ticks.map((_, k) => k).filter((k) => k % step === 0), {isTight: true});
}

function isChoice(j) { return view.data.parallel.n_choices[j] > 0; }

function fillSelect(field, pairs, chosen) {
  const now = JSON.stringify(pairs);
  if (field.dataset.options !== now) {
    field.dataset.options = now;
    field.replaceChildren(...pairs.map(([value, text]) => element("option", text, {value: value})));
  }
  field.value = chosen;
}

// Ticks at 1, 2 and 5 in every decade, or at powers of ten alone; written out, where plotly's are digits.
function logAxis(values) {
  const positive = values.filter((value) => value > 0);
  if (!positive.length) return {};
  const low = Math.log10(Math.min(...positive)), high = Math.log10(Math.max(...positive)), ticks = [];
  for (let k = Math.floor(low); k <= Math.ceil(high); k++) {
    for (const m of high - low > 3 ? [1] : [1, 2, 5]) ticks.push(Number(m + "e" + k));
  }
  const margin = 0.05 * (high - low) || 0.1;
  return {type: "log", range: [low - margin, high + margin], tickvals: ticks, ticktext: ticks.map((tick) => brief(tick, 3))};
}

function drawPareto() {
  const found = view.data.pareto;
  byId("pareto").hidden = !found;
  if (!found) return;
  const pairs = [];
  found.names.forEach((a, i) => found.names.forEach((b, j) => { if (i < j) pairs.push([i, j]); }));
  byId("pareto-pair").closest(".controls").hidden = pairs.length < 2;
  fillSelect(byId("pareto-pair"), pairs.map(([i, j], k) => [String(k), found.names[i] + " and " + found.names[j]]), String(view.pair));
  const [i, j] = pairs[view.pair] || pairs[0];
  const y = (k) => numeric(found.values[i][k]), x = (k) => numeric(found.values[j][k]);
  const known = all().filter((k) => Number.isFinite(x(k)) && Number.isFinite(y(k)));
  if (!known.length) return drawEmpty("pareto", "No candidate has a value of both objectives.");
  const front = known.filter((k) => found.on_front[k]).sort((a, b) => x(a) - x(b));
  const text = (k) => trialText(k) + found.names.map((name, m) => "<br>" + literal(name) + ": " + brief(numeric(found.values[m][k]), 4)).join("");
  const trace = (name, indices, symbol, fill, more) => Object.assign({
    type: "scatter", mode: "markers", name: name, x: indices.map(x), y: indices.map(y), customdata: indices, hoverinfo: "text", text: indices.map(text),
    marker: {symbol: symbol, size: 9, color: fill, opacity: view.passes === null ? 0.9 : indices.map((k) => (passes(k) ? 0.9 : 0.15)), line: {width: 1, color: colour("card")}},
  }, more);
  const others = known.filter((k) => !found.on_front[k]);
  const traces = [
    trace("dominated", others.filter((k) => found.is_feasible[k]), "circle", colour("faint")),
    trace("misses a constraint", others.filter((k) => !found.is_feasible[k]), "circle-open", colour("quiet")),
    trace("front", front, "diamond", colour("strong"), found.names.length === 2 ? {
      // What the front dominates begins at its steps: to the right of each point where low is better, else to its left.
      mode: "lines+markers", line: {shape: found.is_minimised[j] ? "hv" : "vh", color: colour("strong"), width: 1.5},
    } : {}),
  ].filter((each) => each.x.length);
  traces.push(ring(known, x, y));
  const sense = (k) => shortened(found.names[k], 40) + (found.is_minimised[k] ? ", low is better" : ", high is better");
  const scale = (k, at) => (found.is_log[k] ? logAxis(known.map(at)) : {});
  draw("pareto", traces, layout({height: 420, showlegend: true, xaxis: axis(sense(j), scale(j, x)), yaxis: axis(sense(i), scale(i, y)), uirevision: view.pair}));
  noteIn("pareto", found.names.length > 2 ? "The front is that of all " + found.names.length + " objectives: in a pair, some of it looks dominated." : "");
}
