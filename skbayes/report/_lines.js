// Parallel coordinates: an axis for each parameter and one for the score, a line for each candidate. Lines and not
// plotly's own kind, which needs a graphics card, shows no candidate under the mouse, and cannot be printed.

// Beyond this a browser takes seconds for a picture.
const MOST_LINES = 1500;
// Where a line goes for want of a value: below the ends of the axes.
const NOWHERE = -0.11;

function drawParallel() {
  const axes = view.data.parallel, trials = view.data.trials;
  if (axes.missing) return drawEmpty("parallel", axes.missing);
  const count = axes.names.length, width = plotIn("parallel").parentElement.clientWidth;
  plotIn("parallel").style.minWidth = Math.max(0, (count + 1) * 62) + "px";
  const step = Math.max(width, (count + 1) * 62) / (count + 1);
  const kept = linesToDraw();
  const place = (i, j) => {
    const position = j < count ? axes.positions[j][i] : axes.score_positions[i];
    return position === null ? NOWHERE : position;
  };
  const traces = lineTraces(kept, place, count);
  traces.push(handles(count));
  const shapes = axisShapes(count).concat(rangeShapes(count));
  draw("parallel", traces, layout({
    height: hasNowhere(count) ? 440 : 390, margin: {l: firstMargin(step), r: 24, t: crowded(count, step) ? 62 : 44, b: 8}, showlegend: false,
    dragmode: isTouch ? false : "select", selectdirection: "any", selections: [], hoverdistance: 12,
    newselection: {line: {color: colour("accent"), width: 1, dash: "dot"}},
    xaxis: {range: [-0.06, count + 0.3], visible: false, fixedrange: true},
    yaxis: {range: [hasNowhere(count) ? -0.2 : -0.05, 1.03], visible: false, fixedrange: true},
    shapes: shapes, annotations: axisTexts(count, step), uirevision: "fixed",
  }));
  wireRanges(count);
  const n = all().length;
  const remarks = [isDark() ? "Brighter lines have the better scores." : "Darker lines have the better scores."];
  if (view.data.incumbent) remarks.push("The thick one is the incumbent.");
  if (!isTouch) remarks.push("Drag along an axis to keep the candidates that pass there.");
  if (hasNowhere(count)) remarks.push("Below an axis: the parameter is not active, or there is no score (dashed).");
  if (kept.length < all().filter(passes).length) remarks.push("Only " + kept.length + " of " + n + " lines are drawn: the best, and others evenly.");
  noteIn("parallel", remarks.join(" "));
}

// The best half of what is drawn, and of the others every so many.
function linesToDraw() {
  const scores = view.data.trials.score.map(numeric);
  const order = all().filter(passes).sort((a, b) => compared(nothing(scores[a]), nothing(scores[b]), -1));
  if (order.length <= MOST_LINES) return order;
  const best = order.slice(0, MOST_LINES / 2), others = order.slice(MOST_LINES / 2);
  const every = others.length / (MOST_LINES / 2);
  return best.concat(Array.from({length: MOST_LINES / 2}, (_, k) => others[Math.floor(k * every)]));
}

function nothing(score) { return Number.isNaN(score) ? null : score; }

function hasNowhere(count) {
  const axes = view.data.parallel;
  return axes.score_positions.includes(null) || axes.positions.slice(0, count).some((places) => places.includes(null));
}

// One trace for all lines of a colour: a thousand traces would take a browser minutes. The best are drawn last.
function lineTraces(kept, place, count) {
  const axes = view.data.parallel, trials = view.data.trials, bins = scoreColours().length, groups = new Map();
  const dimmed = view.passes === null ? [] : all().filter((i) => !passes(i)).slice(0, MOST_LINES / 3);
  const add = (key, i) => { if (groups.has(key)) groups.get(key).push(i); else groups.set(key, [i]); };
  for (const i of kept) {
    const score = axes.score_positions[i];
    add(score === null ? trials.status[i] : Math.round(score * (bins - 1)), i);
  }
  const alpha = kept.length > 300 ? 0.45 : kept.length > 60 ? 0.65 : 0.85, width = kept.length > 300 ? 1 : 1.6;
  const traces = dimmed.length ? [lines(dimmed, place, count, {color: colour("faint"), width: 1}, 0.3, false)] : [];
  for (const status of Object.keys(STATUSES).filter((key) => groups.has(key))) {
    traces.push(lines(groups.get(status), place, count, {color: statusColour(status), width: width, dash: "dash"}, 0.7 * alpha, true));
  }
  for (let bin = 0; bin < bins; bin++) {
    if (groups.has(bin)) traces.push(lines(groups.get(bin), place, count, {color: colourAt(bin / (bins - 1)), width: width}, alpha, true));
  }
  const marked = [[view.data.incumbent ? view.data.incumbent.row : null, "best"], [table.selected, "text"]];
  for (const [i, name] of marked) {
    if (i === null) continue;
    traces.push(lines([i], place, count, {color: colour("card"), width: 6}, 0.9, false));
    traces.push(lines([i], place, count, {color: colour(name), width: 3.2}, 1, true));
  }
  return traces;
}

function lines(indices, place, count, line, opacity, hasText) {
  const x = [], y = [], customdata = [], text = [];
  for (const i of indices) {
    const said = hasText ? trialText(i) : "";
    for (let j = 0; j <= count; j++) {
      x.push(j);
      y.push(place(i, j));
      customdata.push(i);
      text.push(said);
    }
    x.push(null);
    y.push(null);
    customdata.push(null);
    text.push("");
  }
  return {
    type: "scatter", mode: "lines", x: x, y: y, customdata: customdata, text: text, line: line, opacity: opacity,
    hoverinfo: hasText ? "text" : "skip", connectgaps: false,
  };
}

// plotly selects points, not lines: one unseen on each axis makes it take part.
function handles(count) {
  const x = Array.from({length: count + 1}, (_, j) => j);
  return {type: "scatter", mode: "markers", x: x, y: x.map(() => 0.5), marker: {size: 1, opacity: 0}, hoverinfo: "skip", selected: {marker: {opacity: 0}}, unselected: {marker: {opacity: 0}}};
}

function axisShapes(count) {
  return Array.from({length: count + 1}, (_, j) => ({
    type: "line", x0: j, x1: j, y0: 0, y1: 1, layer: "above", line: {color: colour("quiet"), width: 1.2},
  }));
}

function axisTexts(count, step) {
  const axes = view.data.parallel, texts = [];
  const letters = Math.max(8, Math.floor(step / 7.5)), isTight = crowded(count, step);
  const halo = {bgcolor: colour("card"), opacity: 0.85, borderpad: 0};
  const short = shortNames(axes.names, isTight ? 2 * letters - 2 : letters).concat("score");
  for (let j = 0; j <= count; j++) {
    const name = j < count ? axes.names[j] : "score";
    const ticks = j < count ? axes.ticks[j] : axes.score_ticks, labels = j < count ? axes.tick_labels[j] : axes.score_tick_labels;
    texts.push({
      x: j, y: 1, yshift: isTight ? 8 + 17 * (j % 2) : 10, xanchor: "center", yanchor: "bottom", showarrow: false,
      text: "<b>" + literal(short[j]) + "</b>", hovertext: literal(j < count ? name : view.data.score_name),
      font: {size: 12}, captureevents: true,
    });
    const shown = ticks.length > 7 && isTight ? ticks.map((_, k) => k).filter((k) => k % 2 === 0) : ticks.map((_, k) => k);
    for (const k of shown) {
      texts.push(Object.assign({
        x: j, y: ticks[k], xshift: -4, xanchor: "right", yanchor: "middle", showarrow: false, font: {size: 10.5, color: colour("quiet")},
        text: literal(shortened(labels[k], Math.max(6, letters - 2))),
        captureevents: false,  // a drag along the axis often begins on a label
      }, halo));
    }
    const missing = j < count ? axes.positions[j].includes(null) : axes.score_positions.includes(null);
    if (missing) {
      texts.push(Object.assign({
        x: j, y: NOWHERE, yshift: -4, yanchor: "top", showarrow: false, font: {size: 10.5, color: colour("quiet")}, text: j < count ? "not active" : "no score",
      }, halo));
    }
  }
  return texts;
}

// Room for the values of the first axis, which stand on its left.
function firstMargin(step) {
  const longest = Math.max(...view.data.parallel.tick_labels[0].map((text) => Math.min(text.length, Math.max(6, Math.floor(step / 7.5) - 2))));
  return 20 + 6.5 * longest;
}

// Names that do not fit beside each other stand in two rows.
function crowded(count, step) {
  return view.data.parallel.names.slice(0, count).some((name) => name.length > step / 7.5);
}

function rangeShapes(count) {
  return table.ranges.map((range) => {
    const j = range.axis === null ? count : view.data.parallel.names.indexOf(range.axis);
    return {
      type: "rect", x0: j - 0.05, x1: j + 0.05, y0: range.low, y1: range.high, layer: "above",
      line: {color: colour("accent"), width: 2}, fillcolor: colour("accent"), opacity: 0.35,
    };
  });
}

function wireRanges(count) {
  const place = plotIn("parallel");
  place.skbayesAxes = count;
  if (place.dataset.ranges) return;
  place.dataset.ranges = "1";
  place.on("plotly_selected", (event) => {
    if (!event || !event.range) return;
    const [x0, x1] = event.range.x.slice().sort((a, b) => a - b), [y0, y1] = event.range.y.slice().sort((a, b) => a - b);
    const crossed = Array.from({length: place.skbayesAxes + 1}, (_, j) => j).filter((j) => x0 - 0.12 <= j && j <= x1 + 0.12);
    for (const j of crossed) addRange(j, y0, y1);
    restart();
  });
}

function addRange(j, low, high) {
  const axes = view.data.parallel, name = j < axes.names.length ? axes.names[j] : null;
  table.ranges = table.ranges.filter((range) => range.axis !== name);
  table.ranges.push({axis: name, low: low, high: high, rows: new Set(), label: ""});
  measureRanges();
}

// Which rows a range keeps, and its name: by the values that lie in it.
function measureRanges() {
  const axes = view.data.parallel, trials = view.data.trials;
  if (axes.missing) table.ranges = [];
  table.ranges = table.ranges.filter((range) => range.axis === null || axes.names.includes(range.axis));
  for (const range of table.ranges) {
    const places = range.axis === null ? axes.score_positions : axes.positions[axes.names.indexOf(range.axis)];
    const inside = all().filter((i) => {
      const at = places[i] === null ? NOWHERE : places[i];
      return range.low <= at && at <= range.high;
    });
    range.rows = new Set(inside);
    const values = inside.map((i) => (range.axis === null ? trials.score[i] : trials.params[range.axis][i]));
    range.label = (range.axis === null ? "score" : shortened(range.axis, 30)) + ": " + spanned(values);
  }
}

function spanned(values) {
  const different = Array.from(new Set(values)).sort((a, b) => compared(a, b, 1));
  if (!different.length) return "none";
  if (different.every((value) => typeof value === "number") && different.length > 2) {
    return brief(different[0], 3) + " to " + brief(different[different.length - 1], 3);
  }
  const named = different.slice(0, 3).map((value) => (value === null ? "none" : shortened(brief(value, 3), 20)));
  return named.join(", ") + (different.length > 3 ? ", …" : "");
}
